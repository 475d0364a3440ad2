// Plays a person before the page of `pinwheel demo --in-app`, in a real browser. What is to be done comes as JSON on standard input,
// what was seen goes as JSON to standard output.
//
// {"page": URL, "arguments": [for the browser], "pictures": DIR, "acts": [[ACT, ARGUMENT, ...], ...]}
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRequire } from 'node:module';

const { page: url, arguments: browserArguments, modules, pictures, acts } = JSON.parse(readFileSync(0, 'utf8'));
const { default: puppeteer } = await import(createRequire(join(modules, 'x.js')).resolve('puppeteer-core'));

const browser = await puppeteer.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--hide-scrollbars', ...browserArguments],
  protocolTimeout: 120_000,
});
const page = await browser.newPage();
page.setDefaultTimeout(60_000);
await page.setViewport({ width: 900, height: 760 });
const seen = { shown: [], errors: [], statuses: [], log: [] };
page.on('pageerror', (error) => seen.errors.push(error.message));
page.on('response', async (response) => {
  const { pathname } = new URL(response.url());
  if (response.request().method() !== 'OPTIONS' && pathname.startsWith('/v1/')) {
    const operation = pathname.split('/').slice(4).filter((part) => !/^[0-9a-f-]{36}$/.test(part)).join('/');
    seen.statuses.push(`${response.request().method()} ${operation} ${response.status()}`);
  }
});

const MESSAGE = '.amplify-inappmessaging-messagelayout, .carousel-slide';
const lines = () => page.$$eval('#log li', (items) => items.map((item) => item.lastChild.textContent.trim()));

async function open() {
  await page.goto(url);
  await page.waitForSelector('[id^=user-]');
}

const can = {
  open,
  async forget(key) {
    await page.evaluate((name) => localStorage.removeItem(name), key);
  },
  async remember(key, value) {
    await page.evaluate((name, text) => localStorage.setItem(name, text), key, value);
  },
  async signIn(name) {
    await page.click(`#user-${name}`);
    await page.waitForSelector('#user');
    seen.log.push(...(await lines()));
  },
  // Dispatches events, waits for a message and takes a picture; then closes it.
  async dispatch(picture, ...names) {
    for (const name of names) await page.click(`#event-${name}`);
    const message = await page.waitForSelector(MESSAGE, { visible: true });
    seen.shown.push(await message.evaluate((element) => element.innerText.replace(/\s+/g, ' ').trim()));
    // Pages of messages fade in.
    await page.waitForFunction(() => document.getAnimations().every(({ playState }) => playState !== 'running'));
    await page.screenshot({ path: join(pictures, `${picture}.png`) });
    await page.evaluate(() => {
      const close = document.querySelector('.amplify-inappmessaging-messagelayout__closebutton, .carousel-close');
      (close ?? document.querySelector('[aria-label="Close"], .amplify-inappmessaging-messagelayout button')).click();
    });
    await page.waitForFunction((selector) => !document.querySelector(selector), {}, MESSAGE);
  },
  // Until the page has told the server of everything: Amplify sends what it gathered every few seconds.
  async settle(displayed) {
    const sent = () => seen.statuses.filter((line) => line === 'POST events 202').length;
    const before = Date.now();
    while (sent() < displayed && Date.now() - before < 60_000) await new Promise((done) => setTimeout(done, 100));
  },
};

try {
  for (const [act, ...rest] of acts) await can[act](...rest);
} catch (error) {
  seen.errors.push(`${error.message}; the page says: ${JSON.stringify(await lines().catch(() => []))}`);
}
await browser.close();
console.log(JSON.stringify(seen));
