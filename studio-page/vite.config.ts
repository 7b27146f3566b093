import { createHash } from "node:crypto";
import { createReadStream, readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { defineConfig, type Plugin } from "vite";

const ORT = resolve(import.meta.dirname, "node_modules/onnxruntime-web/dist");

/** What the browser needs to run the network: the plain build, and the one with WebGPU. */
const ORT_FILES = [
  "ort.wasm.min.mjs",
  "ort-wasm-simd-threaded.mjs",
  "ort-wasm-simd-threaded.wasm",
  "ort.webgpu.min.mjs",
  "ort-wasm-simd-threaded.asyncify.mjs",
  "ort-wasm-simd-threaded.asyncify.wasm",
];

/** ONNX Runtime's own files, beside the page as they are: bundled, its threads would not find themselves. */
function onnxRuntime(): Plugin {
  return {
    name: "onnx-runtime",
    configureServer(server) {
      server.middlewares.use("/ort/", (request, response, next) => {
        const name = basename((request.url ?? "").split("?")[0] ?? "");
        if (!ORT_FILES.includes(name)) return next();
        response.setHeader("Content-Type", name.endsWith(".wasm") ? "application/wasm" : "text/javascript");
        createReadStream(resolve(ORT, name)).pipe(response);
      });
    },
    generateBundle() {
      for (const name of ORT_FILES) {
        const source = readFileSync(resolve(ORT, name), name.endsWith(".mjs") ? "utf8" : null);
        // Their source maps are not shipped, so nothing should ask for them.
        const text = typeof source === "string" ? source.replace(/\/\/# sourceMappingURL=.*\s*$/, "") : source;
        this.emitFile({ type: "asset", fileName: `ort/${name}`, source: text });
      }
      this.emitFile({ type: "asset", fileName: "licences/onnxruntime-web.txt", source: readFileSync(resolve(import.meta.dirname, "licences/onnxruntime-web.txt")) });
      for (const font of ["eb-garamond", "instrument-sans"]) {
        const source = readFileSync(resolve(import.meta.dirname, `node_modules/@fontsource-variable/${font}/LICENSE`));
        this.emitFile({ type: "asset", fileName: `licences/${font}.txt`, source });
      }
    },
  };
}

/** Tells the service worker which files the page is made of, and gives that set a name. */
function offline(): Plugin {
  return {
    name: "offline",
    enforce: "post",
    generateBundle(_, bundle) {
      const worker = bundle["sw.js"];
      if (worker?.type !== "chunk") this.error("the service worker was not built");
      const names = Object.keys(bundle).filter((name) => !/^(sw\.js|index\.html|(ort|licences)\/.*)$/.test(name));
      const files = [...new Set(["", "manifest.webmanifest", "icon.svg", "icon-192.png", "icon-512.png", ...names])];
      const digest = createHash("sha256");
      for (const [name, file] of Object.entries(bundle)) {
        digest.update(name).update(file.type === "chunk" ? file.code : file.source);
      }
      worker.code = worker.code
        .replace(/["'`]__FILES__["'`]/, JSON.stringify(files.sort()))
        .replace("__VERSION__", digest.digest("hex").slice(0, 12));
    },
  };
}

export default defineConfig({
  base: "./",
  plugins: [onnxRuntime(), offline()],
  worker: { format: "es" },
  build: {
    outDir: "../src/impasto/studio/page",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    rollupOptions: {
      input: { page: resolve(import.meta.dirname, "index.html"), sw: resolve(import.meta.dirname, "src/sw.ts") },
      output: {
        entryFileNames: (chunk) => (chunk.name === "sw" ? "sw.js" : "assets/[name]-[hash].js"),
      },
    },
  },
  server: {
    headers: {
      "Cross-Origin-Opener-Policy": "same-origin",
      "Cross-Origin-Embedder-Policy": "require-corp",
    },
    proxy: Object.fromEntries(
      ["/api", "/models", "/inside", "/openapi.json", "/readyz"].map((path) => [path, process.env.IMPASTO_STUDIO ?? "http://127.0.0.1:8321"]),
    ),
  },
});
