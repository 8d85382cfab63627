import { accessSync, constants, existsSync, mkdtempSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

/** The output and the exit code of a command. */
export interface Outcome {
  readonly exitCode: number
  readonly stdout: string
  readonly stderr: string
}

export interface CommandOptions {
  readonly input?: string | Uint8Array
  readonly cwd?: string
  readonly env?: Readonly<Record<string, string>>
  /** Milliseconds after which the command is killed. Default: 60,000. */
  readonly timeout?: number
}

/** A store of a test with the built program. It is removed with the scope. */
export interface Strake extends AsyncDisposable {
  readonly directory: string
  readonly root: string
  readonly env: Readonly<Record<string, string>>
  /** Runs `strake ...args`. */
  (...args: readonly string[]): Promise<Outcome>
  /** Runs it with standard input, a working directory or more environment. */
  with(options: CommandOptions, ...args: readonly string[]): Promise<Outcome>
  /** Runs it and returns trimmed standard output. Throws the output of a failure. */
  ok(...args: readonly string[]): Promise<string>
}

/** The single-file executable that `make build` makes. */
export const program: string = resolve(import.meta.dir, '../../dist/strake')

/**
 * Opens a store in a temporary directory, on tmpfs where possible. `more` is added to its environment.
 * `enter` are words before every command, which enter namespaces.
 */
export async function openStrake(
  more: Readonly<Record<string, string>> = {},
  enter: readonly string[] = [],
): Promise<Strake> {
  const directory = mkdtempSync(join(temporaryRoot(), 'strake-e2e-'))
  const root = join(directory, 'root')
  const env = {
    STRAKE_ROOT: root,
    STRAKE_RUN: join(directory, 'run'),
    DOCKER_CONFIG: join(directory, 'docker'),
    HOME: join(directory, 'home'),
    ...more,
  }
  await mkdir(env.HOME, { recursive: true })
  const invoke = (options: CommandOptions, args: readonly string[]): Promise<Outcome> =>
    command([...enter, program, ...args], { ...options, env: { ...env, ...options.env } })
  const strake = (...args: readonly string[]): Promise<Outcome> => invoke({}, args)
  return Object.assign(strake, {
    directory,
    root,
    env,
    with: (options: CommandOptions, ...args: readonly string[]) => invoke(options, args),
    ok: async (...args: readonly string[]) => {
      const outcome = await invoke({}, args)
      if (outcome.exitCode !== 0) throw new Error(describe(args, outcome))
      return outcome.stdout.trim()
    },
    async [Symbol.asyncDispose]() {
      const reset = ['system', 'reset', '--force']
      const outcome = await invoke({}, reset)
      // After any test, a reset must recognize all files and leave no mount.
      const failure = outcome.exitCode === 0 ? undefined : new Error(describe(reset, outcome))
      await rm(directory, { recursive: true, force: true }).catch((error: unknown) => {
        throw failure ?? error
      })
      if (failure !== undefined) throw failure
    },
  })
}

/** Runs any program with a clean environment. */
export async function command(
  argv: readonly string[],
  options: CommandOptions = {},
): Promise<Outcome> {
  const child = Bun.spawn([...argv], {
    env: { PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin', ...options.env },
    stdin: options.input === undefined ? 'ignore' : Buffer.from(options.input),
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: options.timeout ?? 60_000,
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  })
  const [stdout, stderr, exitCode] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  return { exitCode, stdout, stderr }
}

function describe(args: readonly string[], { exitCode, stdout, stderr }: Outcome): string {
  return `strake ${args.join(' ')} ended with ${exitCode}\n${stdout}${stderr}`
}

function temporaryRoot(): string {
  try {
    accessSync('/dev/shm', constants.W_OK)
    return '/dev/shm'
  } catch {
    return tmpdir()
  }
}

/** Returns the reason why a test that needs `programs` and root cannot run here; `undefined` if it can. */
export function missing(...programs: readonly string[]): string | undefined {
  if (!existsSync(program)) return 'dist/strake is not built'
  if (process.getuid?.() !== 0) return 'needs root'
  const absent = programs.filter((name) => Bun.which(name) === null)
  return absent.length === 0 ? undefined : `needs ${absent.join(', ')}`
}
