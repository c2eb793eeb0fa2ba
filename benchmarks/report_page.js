// Checks report.html in a browser: axe (light and dark), links, requests, keyboard, print, widths, size. Exit status 1 where one fails.
//
//   npm install --prefix SCRATCH axe-core puppeteer-core
//   NODE_PATH=SCRATCH/node_modules node benchmarks/report_page.js RUN_DIR/report.html [BROWSER]
//
// BROWSER is a Chromium, /usr/bin/chromium by default. Nothing is downloaded and nothing of the page is changed.
"use strict";
const fs = require("fs");
const path = require("path");
const puppeteer = require("puppeteer-core");

const MOST_BYTES = 8e6;
const AXE = require.resolve("axe-core/axe.min.js");
const GRAVE = new Set(["serious", "critical"]);

async function axe(page, address, scheme) {
  await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: scheme }]);
  await page.goto(address);
  await page.addScriptTag({ path: AXE });
  const found = await page.evaluate(() => axe.run());
  for (const one of found.violations) {
    console.log(`  ${one.impact}: ${one.help}: ${one.nodes.slice(0, 3).map((node) => node.target.join(" ")).join(", ")}`);
  }
  const grave = found.violations.filter((one) => GRAVE.has(one.impact)).length;
  return [`axe, ${scheme}: ${found.violations.length} violations, ${grave} serious`, grave === 0];
}

async function links(page) {
  const dead = await page.evaluate(() =>
    [...document.querySelectorAll('a[href^="#"]')].map((a) => a.getAttribute("href").slice(1))
      .filter((id) => !document.getElementById(id)));
  const all = await page.evaluate(() => document.querySelectorAll('a[href^="#"]').length);
  return [`links: ${all}, dead: ${dead.length} ${dead.slice(0, 5).join(" ")}`, dead.length === 0];
}

async function keyboard(page) {
  if (!(await page.$("#cut"))) { return ["slider: none, a single look", true]; }
  await page.focus("#cut");
  await page.keyboard.press("ArrowLeft");
  const cut = await page.evaluate(() => document.getElementById("slider").style.getPropertyValue("--cut"));
  const first = await page.evaluate(() => document.querySelector("#after option").value);
  await page.select("#after", first);
  const follows = await page.evaluate(() =>
    document.querySelector(".after-picture").src === document.querySelector("#strip figure .picture").src);
  return [`slider: by keys to ${cut}, the chosen look is shown: ${follows}`, cut === "49.5%" && follows];
}

async function paper(page) {
  await page.emulateMediaType("print");
  await page.evaluate(() => new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); }));
  const hidden = await page.evaluate(() =>
    [...document.querySelectorAll("details > :not(summary)")].filter((one) => !one.checkVisibility({ contentVisibilityAuto: true })).length);
  const loose = await page.evaluate(() => [...document.querySelectorAll(".basis")].filter((one) => one.checkVisibility()).length);
  await page.emulateMediaType("screen");
  return [`on paper: ${hidden} folded parts, ${loose} links that lead nowhere there`, hidden + loose === 0];
}

async function width(page, pixels) {
  await page.setViewport({ width: pixels, height: 800 });
  const beyond = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  return [`beyond a width of ${pixels}: ${beyond} px`, beyond <= 0];
}

(async () => {
  const file = path.resolve(process.argv[2]);
  const browser = await puppeteer.launch({
    executablePath: process.argv[3] || "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"], headless: true });
  const page = await browser.newPage();
  page.setDefaultTimeout(300000);
  const asked = [];
  page.on("request", (one) => { if (!/^(data|file):/.test(one.url())) { asked.push(one.url()); } });
  // The page's own policy forbids foreign scripts, axe's among them.
  await page.setBypassCSP(true);
  await page.setViewport({ width: 1280, height: 900 });
  const said = [];
  for (const scheme of ["light", "dark"]) { said.push(await axe(page, `file://${file}`, scheme)); }
  said.push(await links(page), await keyboard(page), await paper(page), await width(page, 1280), await width(page, 400));
  said.push([`requests: ${asked.length}`, asked.length === 0]);
  const size = fs.statSync(file).size;
  said.push([`size: ${(size / 1e6).toFixed(2)} MB`, size <= MOST_BYTES]);
  await browser.close();
  for (const [text, good] of said) { console.log(`${good ? "ok  " : "FAIL"} ${text}`); }
  process.exit(said.every(([, good]) => good) ? 0 : 1);
})();
