/**
 * Returns the location of a worker's code by its name without `.ts`. `scripts/build`
 * puts every worker into the executable as an entry point of its own.
 */
export function workerPath(name: string): string {
  const isCompiled = import.meta.url.includes('/$bunfs/')
  return isCompiled
    ? `/$bunfs/root/platform/work/${name}.js`
    : new URL(`./${name}.ts`, import.meta.url).href
}
