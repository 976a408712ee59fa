import { type Browser, type Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { expectedAlerts } from "../../pipelines/expected.ts";
import { flightTimeMs } from "../../pipelines/flight.ts";
import { Millrace } from "../../sdk/index.ts";
import { EngineProcess } from "../engine/engine-process.ts";
import { dataFolder } from "../test/data-folder.ts";
import { chromiumMissing, startChromium, type Watched, watchedPage } from "./test/chromium.ts";
import { textsBelowContrast } from "./test/contrast.ts";
import { LoadedEngine } from "./test/loaded-engine.ts";
import { ALERTS_TOPIC } from "./topics.ts";

const PATIENT = { timeout: 30_000, interval: 100 };
const MARKUP = '<img src="none" onerror="document.title=`caught`">';

let browser: Browser;
/** For tests that only look, and the one that sends more. */
let loaded: LoadedEngine;

/** Closed when the test has ended. */
async function opened(url: string, options: Parameters<typeof watchedPage>[1] = {}): Promise<Watched> {
  const watched = await watchedPage(browser, options);
  onTestFinished(() => watched.context.close());
  await watched.page.goto(url);
  return watched;
}

/** An engine of the test's own. */
async function served(dataDir = dataFolder(), port = 0) {
  const engine = new EngineProcess({ dataDir, port });
  onTestFinished(() => engine.kill());
  const url = await engine.ready;
  return { engine, url, client: new Millrace({ url }) };
}

/** The cells of the topic `flights` and of its partitions. */
function flightsOn(page: Page) {
  const body = page.locator("#topics tbody", { has: page.getByRole("button", { name: "flights", exact: true }) });
  const cells = (row: number) => body.locator("tr").nth(row).locator("td").allTextContents();
  return {
    fold: body.getByRole("button"),
    topic: () => cells(0),
    partition: (partition: number) => cells(partition + 1),
  };
}

function latestTime(): string {
  const last = Math.max(...loaded.sent.map(flightTimeMs));
  return new Date(last).toISOString().slice(0, 19).replace("T", " ");
}

const notRun = chromiumMissing === undefined ? "" : ` (not run: ${chromiumMissing})`;
if (notRun !== "")
  console.error(`\n*** NOT RUN: the tests of the dashboard page. The reason: ${chromiumMissing}. ***\n`);

describe.skipIf(notRun !== "")(`the page in Chromium${notRun}`, () => {
  beforeAll(async () => {
    [browser, loaded] = await Promise.all([startChromium(), LoadedEngine.start()]);
    await loaded.sendMore(2_000);
  });

  afterAll(() => Promise.all([browser?.close(), loaded?.stop()]));

  describe.each(["light", "dark"] as const)("in %s", (colorScheme) => {
    test("shows topics with their offsets and pipelines with their figures [UI-1, UI-2, UI-9, UI-11]", async () => {
      const { page, errors, requests } = await opened(loaded.url, { colorScheme, reducedMotion: "reduce" });
      const flights = flightsOn(page);
      const count = loaded.sent.length;
      const size = expect.stringMatching(/^[\d.]+ kB$/);
      await expect.poll(flights.topic, PATIENT).toEqual(["4", count.toLocaleString("en"), size, latestTime()]);
      await flights.fold.click();
      const ends = await Promise.all(
        [0, 1, 2, 3].map(async (partition) => Number((await flights.partition(partition))[1]?.replace(/^0 – |,/g, ""))),
      );
      expect(ends.reduce((sum, end) => sum + end, 0)).toBe(count);

      const card = page.locator("article", { hasText: "perEvent()" });
      const figures = /Records\/s0(\.0)?Lag0Late0Dead letters0Outbox0/;
      await expect.poll(() => card.textContent(), PATIENT).toMatch(figures);
      expect(await card.textContent()).toMatch(/^delay-alerts running.*perEvent\(\), version 1, reads flights/);
      await card.getByText("4 tasks").click();
      expect(await card.locator("tbody tr").count()).toBe(4);

      await expect.poll(() => page.locator("#status").textContent(), PATIENT).toBe("Live");
      expect(await textsBelowContrast(page, 4.5)).toEqual([]);
      expect(requests.filter((request) => !request.startsWith(`${loaded.url}/`))).toEqual([]);
      expect(errors).toEqual([]);
    });

    test("shows alerts and the table, and all of it goes on by itself [UI-3, UI-4, UI-6, UI-7]", async () => {
      const { page, errors } = await opened(loaded.url, { colorScheme });
      const alerts = page.locator("#tail tbody tr");
      const wanted = () => Math.min(100, expectedAlerts(loaded.sent).length);
      expect(wanted()).toBeGreaterThan(5);
      await expect.poll(() => alerts.count(), PATIENT).toBe(wanted());
      expect(await page.locator("#tail-topic").inputValue()).toBe(ALERTS_TOPIC);
      expect(await alerts.first().textContent()).toMatch(
        /^[A-Z]{3} to [A-Z]{3}2001-\d\d-\d\d \d\d:\d\d\+\d+−?[\d.]+ ± [\d.]+$/,
      );
      const hour = () => page.locator("#table tbody tr").first().locator("td").nth(1).textContent();
      const latestHour = () => latestTime().replace(/\d\d:\d\d$/, "00");
      await expect.poll(hour, PATIENT).toBe(latestHour());

      const throughput = page.locator("article dd").first();
      await expect.poll(() => throughput.textContent(), PATIENT).toBe("0");
      const sending = loaded.sendMore(1_000);
      await expect.poll(() => throughput.textContent(), PATIENT).toMatch(/^[1-9]/);
      await sending;
      await expect.poll(flightsOn(page).topic, PATIENT).toContain(loaded.sent.length.toLocaleString("en"));
      await expect.poll(() => alerts.count(), PATIENT).toBe(wanted());
      await expect.poll(hour, PATIENT).toBe(latestHour());
      expect(errors).toEqual([]);
    });
  });

  test("sorts the table in the database, and works by keyboard alone [UI-6, UI-12]", async () => {
    const { url } = loaded;
    const { page, errors } = await opened(url);
    await expect.poll(() => page.locator("#table tbody tr").count(), PATIENT).toBe(100);
    // Regions come one by one; one that has nothing yet is hidden, and the keyboard passes it by.
    for (const region of ["#topics", "#tail"]) await page.locator(`${region} tbody tr`).first().waitFor();
    await page.getByText("4 tasks").first().waitFor();
    const seen: string[] = [];
    const press = async (key: string): Promise<string> => {
      await page.keyboard.press(key);
      const now = await page.evaluate(() => {
        const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement ?? document.body);
        const name = document.activeElement?.id || document.activeElement?.textContent || "";
        return `${name} ${outlineStyle} ${outlineWidth}`;
      });
      seen.push(now);
      return now;
    };
    for (let tabs = 0; tabs < 60 && !(seen.at(-1) ?? "").startsWith("Mean delay "); tabs++) await press("Tab");
    for (const name of [
      "pause",
      "topics",
      "flights",
      "4 tasks",
      "tail-topic",
      "tail",
      "table-name",
      "Airport",
      "Mean delay",
    ]) {
      expect(seen).toContainEqual(expect.stringMatching(new RegExp(`^${name} solid 2px$`)));
    }

    const mean = page.locator("#table tbody tr td:nth-child(4)");
    const first = async () => Number((await mean.first().textContent())?.replace("−", "-").replace(",", ""));
    await page.keyboard.press("Enter");
    await expect.poll(() => page.locator("#table th").nth(3).getAttribute("aria-sort"), PATIENT).toBe("descending");
    const highest = await first();
    await page.keyboard.press("Enter");
    await expect.poll(() => page.locator("#table th").nth(3).getAttribute("aria-sort"), PATIENT).toBe("ascending");
    expect(await first()).toBeLessThan(0);
    expect(highest).toBeGreaterThan(100);
    expect(errors).toEqual([]);
  });

  test("shows any topic's records, markup as text [UI-4, UI-9]", async () => {
    const { url, client } = await served();
    await client.topics.create("any", { partitions: 3 });
    const producer = client.producer();
    await producer.send("any", { key: MARKUP, value: { html: MARKUP }, partition: 2 });
    await producer.flush();
    const { page, errors } = await opened(url);
    await page.locator("#tail-topic").selectOption("any");
    const rows = page.locator("#tail tbody tr");
    await expect
      .poll(() => rows.first().locator("td").allTextContents(), PATIENT)
      .toEqual(["2/0", expect.stringMatching(/^20\d\d-/), MARKUP, JSON.stringify({ html: MARKUP })]);
    // One that comes while the page is open, with digits that JavaScript would change.
    const value = '{"price":12.30}';
    await fetch(`${url}/v1/topics/any/records`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: `{"records":[{"key":"b","value":${value}}]}`,
    });
    await producer.close();
    await expect.poll(() => rows.first().locator("td").last().textContent(), PATIENT).toBe(value);
    expect(await page.locator("#parts img").count()).toBe(0);
    expect(await page.title()).toBe("Millrace");
    expect(errors).toEqual([]);
    // What would run if it were markup after all is refused.
    await expect(page.evaluate((markup) => (document.body.innerHTML = markup), MARKUP)).rejects.toThrow(/TrustedHTML/);
  });

  test("an empty Millrace says what to do [UI-13]", async () => {
    const { url, client } = await served();
    const { page, errors } = await opened(url);
    await expect
      .poll(() => page.locator("#topics-empty").textContent(), PATIENT)
      .toContain(`curl -X PUT ${url}/v1/topics/flights`);
    expect(await page.locator("#pipelines").textContent()).toContain("bootstrapping");
    expect(await page.locator("#tail-empty").textContent()).toContain("no topic yet");
    const noRow = "airport-hours writes airport_hours";
    await expect.poll(() => page.locator("#table-empty").textContent(), PATIENT).toContain(noRow);
    await client.topics.create("flights", { partitions: 2 });
    await expect
      .poll(() => page.locator("#tail-empty").textContent(), PATIENT)
      .toContain(`curl ${url}/v1/topics/flights/records`);
    expect(errors).toEqual([]);
  });

  test("asks for a token and keeps it in the tab alone [UI-10]", async () => {
    const { url } = await served();
    const { page, context } = await watchedPage(browser);
    onTestFinished(() => context.close());
    await page.route("**/v1/**", (route) => {
      const given = route.request().headers()["authorization"];
      if (given === "Bearer s3cret") return route.continue();
      const detail = `the request carries ${given === undefined ? "no bearer token" : "another token"}`;
      const body = JSON.stringify({ status: 401, code: "unauthenticated", detail });
      return route.fulfill({ status: 401, contentType: "application/problem+json", body });
    });
    await page.goto(url);
    const status = () => page.locator("#status").textContent();
    await expect.poll(status, PATIENT).toBe("Needs a token");
    await page.keyboard.type("wrong\n");
    await expect.poll(() => page.locator("#token-note").textContent(), PATIENT).toContain("another token");
    await page.keyboard.type("s3cret\n");
    await expect.poll(status, PATIENT).toBe("Live");
    await expect.poll(() => page.locator("#topics-empty").textContent(), PATIENT).toContain("$MILLRACE_TOKEN");
    expect(await page.evaluate(() => [Object.values(sessionStorage), localStorage.length, document.cookie])).toEqual([
      ["s3cret"],
      0,
      "",
    ]);
    await page.reload();
    await expect.poll(status, PATIENT).toBe("Live");
    await page.getByRole("button", { name: "Forget token" }).click();
    await expect.poll(status, PATIENT).toBe("Needs a token");
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
  });

  test("keeps what it has while the server is away, and goes on when it is back [UI-8]", async () => {
    const dataDir = dataFolder();
    const { engine, url, client } = await served(dataDir);
    await client.topics.create("kept", { partitions: 1 });
    const { page } = await opened(url);
    const status = () => page.locator("#status").textContent();
    const topics = () => page.locator("#topics").textContent();
    await expect.poll(topics, PATIENT).toContain("kept");
    await engine.stop();
    await expect.poll(status, PATIENT).toBe("Not reachable, trying again");
    expect(await topics()).toContain("kept");
    // A line that changed back and forth would be read out each time.
    await page.evaluate(() => {
      const line = document.querySelector("#status") ?? document.body;
      new MutationObserver((changes) => (document.title = `${document.title} ${changes.length}`)).observe(line, {
        childList: true,
      });
    });
    const back = await served(dataDir, Number(new URL(url).port));
    await back.client.topics.create("new", { partitions: 1 });
    await expect.poll(topics, PATIENT).toContain("new");
    await expect.poll(status, PATIENT).toBe("Live");
    expect(await page.title()).toBe("Millrace 1");
  });

  test("asks nothing while it is hidden or paused [UI-7]", async () => {
    const { url } = await served();
    const { page, context, requests } = await watchedPage(browser);
    onTestFinished(() => context.close());
    await page.clock.install();
    await page.goto(url);
    await expect.poll(() => page.locator("#status").textContent(), PATIENT).toBe("Live");
    const setHidden = (hidden: boolean) =>
      page.evaluate((value) => {
        Object.defineProperty(document, "hidden", { value, configurable: true });
        document.dispatchEvent(new Event("visibilitychange"));
      }, hidden);
    const askedInAMinute = async (): Promise<number> => {
      const before = requests.length;
      await page.clock.runFor("01:00");
      return requests.length - before;
    };
    await setHidden(true);
    expect(await askedInAMinute()).toBe(0);
    await setHidden(false);
    await expect.poll(askedInAMinute, PATIENT).toBeGreaterThan(10);
    await page.getByRole("button", { name: "Pause" }).click();
    expect(await page.locator("#status").textContent()).toBe("Paused");
    expect(await askedInAMinute()).toBe(0);
  });

  test.each([360, 1600])("is %i pixels wide without scrolling sideways [UI-11]", async (width) => {
    const { url } = loaded;
    const { page } = await opened(url, { viewport: { width, height: 900 } });
    await expect.poll(() => page.locator("#table tbody tr").count(), PATIENT).toBe(100);
    await page.locator("#topics button").last().click();
    await page.locator("summary").first().click();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
    expect(await page.locator("#tail tbody tr").first().locator("td").last().isVisible()).toBe(true);
  });
});
