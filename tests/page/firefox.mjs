// The pages in Firefox: node firefox.mjs NODE_MODULES FIREFOX ADDRESS prints what they answer, a line of JSON.

import { createRequire } from "node:module";

const [modules, executablePath, address] = process.argv.slice(2);
const puppeteer = createRequire(`${modules}/`)("puppeteer-core").default;
const browser = await puppeteer.launch({ browser: "firefox", executablePath, headless: true, protocolTimeout: 100_000 });
const page = await browser.newPage();
page.setDefaultTimeout(60_000);
const problems = [];
page.on("console", (message) => message.type() === "error" && problems.push(message.text()));
page.on("pageerror", (error) => problems.push(error.message));
const open = async (name, selector) => {
  await page.goto(`${address}${name}.html`);
  await page.waitForSelector(selector);
};
const read = (selector, what) => page.$eval(selector, (found, key) => found.dataset[key] ?? found.textContent, what);

await open("index", "#scatter svg");
const models = await read("#count");
await open("digits", "#samples img");
await page.click("#samples button:nth-child(4)");
await page.waitForSelector("[data-model=pinet_mnist_tiny][data-class]");
const digit = await read("[data-model=pinet_mnist_tiny]", "class");
await open("images", "#samples img");
await page.click("#samples button:nth-child(8)");
await page.waitForSelector("[data-class]");
const image = await read("[data-class]", "class");
await open("line", "#relu-plot svg");
const same = await read("#fit", "same");
await open("noise", "[data-drawn]");
const drawn = await read("[data-drawn]", "drawn");
await open("encrypted", "#story [data-class]");
const decrypted = await read("#story [data-class]", "class");
await open("models/pinet_mnist_encrypted", ".golden");
const diagrams = await page.$$eval("#reliability svg[role=group], .curve svg[role=group]", (found) => found.length);
await open("check", "#start");
await page.click("#start");
await page.waitForSelector("#verdict[data-failed]");
const failed = await read("#verdict", "failed");
await browser.close();
console.log(JSON.stringify({ models, digit, image, same, drawn, decrypted, diagrams, failed, problems }));
