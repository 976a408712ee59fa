import { existsSync } from "node:fs";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";

const PATH = "/usr/bin/chromium";

/** Why no test can look at a page here; undefined where it can. */
export const chromiumMissing: string | undefined = existsSync(PATH)
  ? undefined
  : `there is no ${PATH}; scripts/install-peers.sh installs it`;

/** With a new, empty profile. Without what would speak to the world outside. */
export function startChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath: PATH,
    args: [
      "--headless",
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** A page, and what happened in it. */
export interface Watched {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Errors on the console and those that nobody caught. */
  readonly errors: readonly string[];
  readonly requests: readonly string[];
}

export async function watchedPage(browser: Browser, options: BrowserContextOptions = {}): Promise<Watched> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const errors: string[] = [];
  const requests: string[] = [];
  page.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  page.on("pageerror", (error) => errors.push(String(error)));
  page.on("request", (request) => requests.push(request.url()));
  return { page, context, errors, requests };
}
