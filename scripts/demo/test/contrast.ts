import type { Page } from "playwright-core";

/** Texts on the page whose contrast to what is behind them is below `least`, as WCAG 2.2 measures it (1.4.3). */
export function textsBelowContrast(page: Page, least: number): Promise<readonly string[]> {
  return page.evaluate((bound) => {
    const channels = (color: string): number[] => (color.match(/[\d.]+/g) ?? []).map(Number);
    const luminance = (color: string): number => {
      const [red = 0, green = 0, blue = 0] = channels(color).map((channel) => {
        const part = channel / 255;
        return part <= 0.040_45 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
      });
      return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const behind = (element: Element | null): string => {
      if (element === null) return "rgb(255, 255, 255)";
      const { backgroundColor } = getComputedStyle(element);
      return (channels(backgroundColor)[3] ?? 1) === 0 ? behind(element.parentElement) : backgroundColor;
    };
    const failing: string[] = [];
    for (const element of document.body.querySelectorAll("*")) {
      const text = [...element.childNodes]
        .filter((node) => node.nodeType === Node.TEXT_NODE)
        .map((node) => node.textContent);
      if (text.join("").trim() === "" || !element.checkVisibility()) continue;
      const [dark = 0, light = 0] = [getComputedStyle(element).color, behind(element)]
        .map(luminance)
        .toSorted((a, b) => a - b);
      const ratio = (light + 0.05) / (dark + 0.05);
      if (ratio < bound) failing.push(`${ratio.toFixed(2)} ${element.tagName} "${text.join("").trim().slice(0, 40)}"`);
    }
    return failing;
  }, least);
}
