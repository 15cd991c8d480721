// Bundles src/pages/*.ts (one entry per page), the shared app and the styles; draws the icon sprite; writes a manifest.
import { createHash } from "node:crypto";
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { build } from "esbuild";

const out = "../static/built";
const pages = (await readdir("src/pages")).filter((name) => name.endsWith(".ts"));

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await build({
  entryPoints: ["src/app.ts", "src/theme.ts", "src/styles/main.css", ...pages.map((name) => `src/pages/${name}`)],
  outdir: out,
  outbase: "src",
  bundle: true,
  splitting: true,
  format: "esm",
  target: "es2022",
  minify: true,
  sourcemap: false,
  legalComments: "linked",
  chunkNames: "chunks/[name]-[hash]",
  logLevel: "warning",
});
await writeFile(`${out}/icons.svg`, await sprite());
await copyFile("src/favicon.svg", `${out}/favicon.svg`);
await writeFile(`${out}/manifest.json`, JSON.stringify(await manifest(), null, 1));

/** One <symbol> for each name in src/icons.txt, from Tabler's outline icons. */
async function sprite() {
  const names = (await readFile("src/icons.txt", "utf8")).split(/\s+/).filter(Boolean);
  const symbols = await Promise.all(names.map(symbol));
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>`;
}

async function symbol(name) {
  const svg = await readFile(`node_modules/@tabler/icons/icons/outline/${name}.svg`, "utf8");
  const inside = svg.slice(svg.indexOf("<path"), svg.lastIndexOf("</svg>")).replace(/\s+/g, " ");
  return `<symbol id="${name}" viewBox="0 0 24 24">${inside}</symbol>`;
}

/** What a page asks for -> its address, which changes with its content. */
async function manifest() {
  const files = (await readdir(out, { recursive: true, withFileTypes: true })).filter((entry) => entry.isFile());
  const entries = await Promise.all(files.map((entry) => versioned(entry)));
  return Object.fromEntries(entries.sort());
}

async function versioned(entry) {
  const path = `${entry.parentPath}/${entry.name}`;
  const name = path.slice(out.length + 1);
  const hash = createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
  return [name, `${name}?v=${hash.slice(0, 10)}`];
}
