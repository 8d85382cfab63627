import { copyFile, mkdir, readFile, symlink } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { writeBusyboxRoot } from '../e2e/busybox.ts'
import { command } from '../e2e/strake.ts'
import { type Answer, answerOf } from './answer.ts'
import type { Stage } from './stage.ts'
import { type Entry, parseTranscript } from './transcript.ts'

/** A program that prints what a process of a container sees, and the options with which it runs. */
export const probe: string = resolve(import.meta.dir, '../fixtures/probe')

export const probeAnswersPath: string = join(probe, 'docker.txt')

export async function readProbeAnswers(): Promise<readonly Entry[]> {
  return parseTranscript(await readFile(probeAnswersPath, 'utf8'))
}

export async function readProbeOptions(): Promise<readonly string[]> {
  const text = await readFile(join(probe, 'options.txt'), 'utf8')
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
}

/** Packs a file system with the probe and all programs of busybox. */
export async function packProbe(directory: string): Promise<string> {
  const root = join(directory, 'probe')
  await writeBusyboxRoot(root)
  await copyFile(join(probe, 'probe'), join(root, 'probe'))
  await mkdir(join(root, 'mnt-probe'))
  const { stdout } = await command(['/bin/busybox', '--list'])
  for (const applet of stdout.trim().split('\n')) {
    await symlink('busybox', join(root, 'bin', applet)).catch(() => {})
  }
  const archive = `${root}.tar`
  const packed = await command(['tar', '-C', root, '--numeric-owner', '-cf', archive, '.'])
  if (packed.exitCode !== 0) throw new Error(packed.stderr)
  return archive
}

/** The answer of this name tells what the containers of a machine depend on. */
export const machine = 'machine'

/** The kernel, its control groups, and the rights and limits of this process. */
export async function askMachine(stage: Stage): Promise<Answer> {
  const line = [
    'uname -r | cut -d. -f1-2; ls /sys/fs/cgroup; grep CapBnd /proc/self/status',
    'cat /proc/self/limits; ls /dev | grep -v "^loop"; cat /etc/resolv.conf',
  ]
  const outcome = await stage.run(line.join('; '))
  return answerOf({ line: machine, output: 'exactly' }, outcome, stage.directory)
}

/** Runs the probe with some options, or with each of the options. */
export async function runProbe(
  stage: Stage,
  archive: string,
  chosen?: readonly string[],
): Promise<readonly Answer[]> {
  const imported = await stage.run(`docker import '${archive}' probe`)
  if (imported.exitCode !== 0) throw new Error(imported.stderr)
  const answers: Answer[] = []
  for (const options of chosen ?? (await readProbeOptions())) {
    const own = `HOST_NAMESPACES="$(readlink /proc/self/ns/* | tr '\\n' ' ')"`
    const line = `${own} docker run --rm -e HOST_NAMESPACES ${options} probe sh /probe`
    const outcome = await stage.run(line)
    answers.push(answerOf({ line: options, output: 'exactly' }, outcome, stage.directory))
  }
  return answers
}

/** The lines of an answer, each behind the name of its section. */
export function sectionLines({ output }: Pick<Answer, 'output'>): readonly string[] {
  let section = ''
  return output.flatMap((line) => {
    const text = line.replace(/\\r$/, '')
    const head = /^\[(.*)\]$/.exec(text)?.[1]
    if (head === undefined) return [`${section}: ${text}`]
    section = head
    return []
  })
}

/** A line that only one of the two programs prints. */
export interface ProbeDifference {
  readonly program: 'docker' | 'strake'
  readonly line: string
  readonly reason: string
}

/** Reads `differences.txt`: a reason behind `#`, and below it lines of Docker (`-`) and of strake (`+`). */
export async function readProbeDifferences(): Promise<readonly ProbeDifference[]> {
  const text = await readFile(join(probe, 'differences.txt'), 'utf8')
  let reason = ''
  const found: ProbeDifference[] = []
  for (const line of text.split('\n')) {
    if (line.startsWith('# ')) reason = line.slice(2)
    else if (line !== '') {
      const program = line.startsWith('-') ? 'docker' : 'strake'
      found.push({ program, line: line.slice(2), reason })
    }
  }
  return found
}
