// Opens a page on a wide screen and on a phone, in light and in dark mode, and prints its contents as JSON.
const { chromium } = require('playwright-core');

(async () => {
  const [, , page_url, shots] = process.argv;
  const browser = await chromium.launch({
    executablePath: process.env.ROWKEEP_CHROMIUM,
    args: ['--headless', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update'],
  });
  const seen = [];
  for (const [name, width, colorScheme] of [['wide', 1200, 'light'], ['phone', 390, 'light'], ['night', 1200, 'dark']]) {
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
    const errors = [];
    const asked = [];
    page.on('console', message => { if (message.type() === 'error') errors.push(message.text()); });
    page.on('pageerror', error => errors.push(String(error)));
    page.on('request', request => asked.push(request.url()));
    await page.goto(page_url);
    const found = await page.evaluate(() => ({
      heading: document.querySelector('h1').innerText,
      text: document.body.innerText,
      ground: getComputedStyle(document.body).backgroundColor,
      // Only timelines and tables may scroll sideways, not the page.
      overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      timelines: [...document.querySelectorAll('svg')].map(svg => ({
        periods: svg.querySelectorAll('.period rect').length,
        drawn: svg.getBoundingClientRect().width > 300 && svg.querySelector('.period rect').getBoundingClientRect().width > 20,
      })),
    }));
    await page.locator('summary').first().click();
    found.opened = await page.locator('ol.steps').first().isVisible();
    if (shots) await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true });
    seen.push({ name, errors, asked, ...found });
    await page.close();
  }
  await browser.close();
  console.log(JSON.stringify(seen));
})().catch(error => { console.error(error); process.exit(1); });
