import { isExecutable } from '../process/javascript-engine.ts'

/**
 * Returns the location of a worker's code by its name without `.ts`. `scripts/build` adds every
 * worker to the executable as a separate entry point.
 */
export function workerPath(name: string): string {
  return isExecutable
    ? `/$bunfs/root/platform/work/${name}.js`
    : new URL(`./${name}.ts`, import.meta.url).href
}
