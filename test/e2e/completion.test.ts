import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { importBusybox } from './busybox.ts'
import { command, missing, openStrake, program, type Strake } from './strake.ts'
import { openTerminal } from './terminal.ts'

const reason = missing('busybox', 'tar')
if (reason) console.info(`skipped: completion: ${reason}`)
const project = resolve(import.meta.dir, '../..')

/** What a user types, and what the line is after the tabulator. Shells agree on all but the end. */
const completed: readonly (readonly [typed: string, line: string])[] = [
  // The first line of a shell has to work: the script is read when it is needed.
  ['strake heal', 'strake healthcheck '],
  ['strake exec sl', 'strake exec sleepy '],
  ['strake rmi localhost:5000/te', 'strake rmi localhost:5000/team/app:1.0 '],
  ['strake image mou', 'strake image mount '],
  ['strake run --network=net', 'strake run --network=netty '],
  ['strake network rm net', 'strake network rm netty '],
  ['strake volume rm da', 'strake volume rm data '],
  ['strake run -v da', 'strake run -v data:'],
  ['strake run --volumes-from sl', 'strake run --volumes-from sleepy '],
  ['strake cp sl', 'strake cp sleepy:'],
  ['strake run --pull al', 'strake run --pull always '],
  ['strake run -e "A B" localh', 'strake run -e "A B" localhost:5000/team/app:1.0 '],
  ['strake build --iidfile=./onl', 'strake build --iidfile=./only-file '],
  ['strake load -i ./onl', 'strake load -i ./only-file '],
  ['docker heal', 'docker healthcheck '],
]

describe.skipIf(reason !== undefined)('completions that make install has installed', () => {
  let strake: Strake
  let share: string
  let home: string

  beforeAll(async () => {
    strake = await openStrake()
    await importBusybox(strake)
    await strake.ok('tag', 'busybox', 'localhost:5000/team/app:1.0')
    await strake.ok('network', 'create', 'netty')
    await strake.ok('volume', 'create', 'data')
    await strake.ok(
      'run',
      '-d',
      '--name',
      'sleepy',
      '--network',
      'none',
      'busybox',
      'sleep',
      '1000',
    )
    home = join(strake.directory, 'user')
    mkdirSync(home)
    writeFileSync(join(home, 'only-file'), '')
    // A small program in place of the large one, which need not be copied.
    const link = join(strake.directory, 'link')
    writeFileSync(link, `#!/bin/sh\nexec ${program} "$@"\n`)
    chmodSync(link, 0o755)
    const installed = await command(['sh', join(project, 'scripts/install')], {
      cwd: project,
      env: { DESTDIR: join(strake.directory, 'installed'), PREFIX: '/usr', PROGRAM: link },
    })
    expect(installed).toMatchObject({ exitCode: 0, stderr: '' })
    share = join(strake.directory, 'installed/usr/share')
  })
  afterAll(async () => strake[Symbol.asyncDispose]())

  const environment = (): Readonly<Record<string, string>> => ({
    HOME: home,
    PATH: `${join(share, '../bin')}:${process.env['PATH'] ?? dirname(program)}`,
    TERM: 'dumb',
    XDG_DATA_DIRS: `${share}:/usr/share`,
    XDG_CONFIG_HOME: home,
  })

  /** Types each line with a tabulator in one shell, and expects what the shell makes of it. */
  async function typeAll(shell: string, args: readonly string[]): Promise<void> {
    const options = { program: shell, env: environment(), cwd: home, columns: 200 }
    const terminal = openTerminal(strake, args, options)
    await terminal.shows('ready$ ')
    for (const [typed, line] of completed) {
      const start = terminal.text().length
      terminal.type(`${typed}\t`)
      await shownAfter(terminal.text, start, line)
      // A mark shows where the completed line ends: the shell may add nothing after it.
      terminal.type('X')
      await shownAfter(terminal.text, start, `${line}X`)
      terminal.type('\x15')
    }
    terminal.type('exit\r')
    await terminal.exited
  }

  const bash = Bun.which('bash')
  const loader = '/usr/share/bash-completion/bash_completion'
  const hasLoader = bash !== null && existsSync(loader)
  if (!hasLoader) console.info('skipped: completions of bash: needs bash-completion')

  test.skipIf(!hasLoader)(
    'bash completes names, values and files, and the alias docker',
    async () => {
      const start = `PS1='ready$ '; . ${loader}; alias docker=strake\n`
      writeFileSync(join(home, 'bashrc'), start)
      await typeAll('bash', ['--rcfile', join(home, 'bashrc'), '-i'])
    },
  )

  const zsh = Bun.which('zsh')
  if (zsh === null) console.info('skipped: completions of zsh: needs zsh')

  test.skipIf(zsh === null)(
    'zsh completes names, values and files, and the alias docker',
    async () => {
      const start = [
        `PS1='ready$ '; fpath=(${share}/zsh/site-functions $fpath)`,
        'autoload -Uz compinit; compinit -u; alias docker=strake',
      ]
      writeFileSync(join(home, '.zshrc'), `${start.join('\n')}\n`)
      await typeAll('zsh', ['-i'])
    },
  )

  const fish = Bun.which('fish')
  if (fish === null) console.info('skipped: completions of fish: needs fish')

  test.skipIf(fish === null)(
    'fish completes names, values and files, and the alias docker',
    async () => {
      for (const [typed, line] of completed) {
        const script = `alias docker=strake; complete -C '${typed}'`
        const env = { ...strake.env, ...environment() }
        const { stdout, stderr } = await command(['fish', '-c', script], { env, cwd: home })
        const word = line.trimEnd().split(' ').at(-1)
        expect({ typed, stdout, stderr }).toEqual({ typed, stdout: `${word}\n`, stderr: '' })
      }
    },
  )
})

/** Waits until a terminal has shown a text after a place in all that it has shown. */
async function shownAfter(text: () => string, start: number, expected: string): Promise<void> {
  const end = Date.now() + 20_000
  // Shells move the cursor back over what they show again.
  const plain = (): string =>
    text()
      .slice(start)
      .replaceAll(/\x1b\[[0-9;?]*[A-Za-z]|\r|\x07|.\x08/g, '')
  while (!plain().includes(expected)) {
    if (Date.now() > end)
      throw new Error(`the shell shows ${JSON.stringify(plain())}, not ${expected}`)
    await Bun.sleep(20)
  }
}
