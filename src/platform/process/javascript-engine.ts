/**
 * Restores Bun's default threshold for compiling hot code. The executable starts with
 * a higher one (`scripts/build`), because most commands end before compiling pays.
 */
export function compileEagerly(): void {
  if (typeof Bun !== 'undefined') Bun.unsafe.setJITPolicy(1)
}

/** Whether this program is the executable of `scripts/build`, which has its modules in a file system of its own. */
export const isExecutable: boolean = import.meta.url.includes('/$bunfs/')

/**
 * Variables for a process of this program that mostly waits: its JavaScript engine prepares no memory
 * ahead, and collects garbage in one thread. A monitor is 0.6 MB smaller so. Bun does not start with
 * a variable that it does not know, and only the executable surely has the Bun that knows these.
 */
export const waitingEnvironment: Readonly<Record<string, string>> = isExecutable
  ? { BUN_JSC_useWarmUpMarkedBlocks: 'false', BUN_JSC_numberOfGCMarkers: '1' }
  : {}

/**
 * Variables for the process that builds: its JavaScript engine does without the compiler for the hottest
 * code. A build calls much code for seconds, so that compiler took two fifths of its processor time,
 * and its result ran too short to pay.
 */
export const buildingEnvironment: Readonly<Record<string, string>> = isExecutable
  ? { BUN_JSC_useFTLJIT: 'false' }
  : {}
