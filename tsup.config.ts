import { readFileSync } from 'node:fs';
import { defineConfig, type Options } from 'tsup';

interface Manifest {
  exports: Record<string, unknown>;
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8')) as Manifest;

/** One entry per subpath of `exports`: `./sim` is built from `src/sim/index.ts` to `dist/sim/index.*`. */
const entry: Record<string, string> = {};
for (const subpath of Object.keys(manifest.exports)) {
  if (subpath === './package.json') continue;
  const name = subpath === '.' ? 'index' : `${subpath.slice(2)}/index`;
  entry[name] = `src/${name}.ts`;
}

/**
 * The bundler turns each `const` and `class` of a module into a `var`. A JIT takes a `const` as known and folds it, which is worth a tenth of
 * the speed; no module of the library has a variable, so all of them are constants again.
 */
const constants: NonNullable<Options['plugins']>[number] = {
  name: 'constants',
  renderChunk(code) {
    return { code: code.replace(/^var (?=[\w$]+ = )/gm, 'const ') };
  },
};

/** `splitting` keeps one copy of each class, whichever subpath it is reached by. */
const common: Options = {
  outDir: 'dist',
  target: 'es2022',
  platform: 'neutral',
  external: [/^node:/],
  splitting: true,
  treeshake: false,
  sourcemap: false,
  silent: true,
};
/** `minifySyntax` puts the values of numeric constants where they are used; what turns chunks into CommonJS cannot read its output. */
const esm: Options = {
  ...common,
  format: 'esm',
  entry: { ...entry, 'cli/index': 'src/cli/index.ts' },
  minifySyntax: true,
  plugins: [constants],
};
const cjs: Options = { ...common, format: 'cjs', entry };
/** Apart from the code, so that the types are read once for both formats. */
const declarations: Options = { ...common, format: ['esm', 'cjs'], entry, dts: { only: true, entry } };

/** The whole package; with `SOFTIRQ_BUILD=js` only what the command needs: ESM without declarations. */
const config: ReturnType<typeof defineConfig> = defineConfig(
  process.env['SOFTIRQ_BUILD'] === 'js' ? [esm] : [esm, cjs, declarations],
);
export default config;
