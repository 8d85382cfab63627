import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { writeBusyboxRoot } from './busybox.ts'
import { command, missing, openStrake, program, type Strake } from './strake.ts'

const make = {
  xfs: 'mkfs.xfs -q',
  ext4: 'mkfs.ext4 -q -O quota,project',
} as const

/** The start of a script that has a new file system of 400 MiB, with limits for projects, at `$disk`. */
function withDisk(type: keyof typeof make, directory: string): string {
  return `set -e
disk=${directory}/disk
rm -rf $disk $disk.img
mkdir $disk
truncate -s 400M $disk.img
${make[type]} $disk.img
mount -o loop,prjquota $disk.img $disk
`
}

const own = ['--mount', '--pid', '--fork', '--kill-child', '--mount-proc']

function reasonAgainst(type: keyof typeof make): string | undefined {
  const reason = missing('busybox', 'tar', 'unshare', 'lsattr', `mkfs.${type}`)
  if (reason !== undefined) return reason
  const directory = mkdtempSync(join(tmpdir(), 'strake-quota-'))
  const probe = spawnSync('unshare', [...own, 'sh', '-c', withDisk(type, directory)])
  rmSync(directory, { recursive: true })
  return probe.status === 0 ? undefined : `this kernel limits no projects of ${type}`
}

for (const type of ['xfs', 'ext4'] as const) {
  const reason = reasonAgainst(type)
  if (reason) console.info(`skipped: the size of volumes on ${type}: ${reason}`)

  describe.skipIf(reason !== undefined)(`the size of a volume on ${type}`, () => {
    let strake: Strake
    let archive = ''

    beforeAll(async () => {
      strake = await openStrake()
      const root = join(strake.directory, 'image')
      await writeBusyboxRoot(root)
      archive = `${root}.tar`
      await command(['tar', '-C', root, '--numeric-owner', '-cf', archive, '.'])
    })
    afterAll(async () => strake[Symbol.asyncDispose]())

    /** Runs a script with a store on the file system. Returns its output. */
    async function onDisk(script: string): Promise<string> {
      const whole = `${withDisk(type, strake.directory)}
export STRAKE_ROOT=$disk/store STRAKE_RUN=$disk/run
strake() { ${program} "$@"; }
strake import ${archive} busybox >/dev/null 2>&1
${script}`
      const outcome = await command(['unshare', ...own, 'sh', '-c', whole], {
        env: strake.env,
        timeout: 600_000,
      })
      if (outcome.exitCode !== 0) throw new Error(outcome.stdout + outcome.stderr)
      return outcome.stdout.trim()
    }

    /** Writes MiB into a volume, and prints how many of them it has then. */
    const write = (volume: string, size: number): string =>
      `strake run --rm --network none -v ${volume}:/data busybox sh -c 'dd if=/dev/zero of=/data/f bs=1M count=${size} 2>/dev/null; echo $(($(stat -c %s /data/f) >> 20))'`

    test('limits what containers write, also below a new directory and in files of the image', async () => {
      const said = await onDisk(`
strake volume create --opt size=20M small >/dev/null
strake volume create small >/dev/null
strake volume inspect --format '{{.Options.size}}' small
${write('small', 30)}
${write('small', 5)}
strake run --rm --network none -v small:/data busybox sh -c 'mkdir -p /data/a/b; dd if=/dev/zero of=/data/a/b/f bs=1M count=30 2>/dev/null; rm /data/a/b/f; echo $?'
${write('small', 18)}
strake run --rm --network none --mount type=volume,src=bin,dst=/bin,volume-opt=size=5M busybox busybox sh -c 'ls /bin/cat; busybox dd if=/dev/zero of=/bin/f bs=1M count=10 2>/dev/null; busybox test $(busybox stat -c %s /bin/f) -lt 5000000; echo $?'
${write('other', 30)}`)
      const [size, first, less, removed, again, filled, limited, other] = said.split('\n')
      expect(size).toBe('20M')
      expect(Number(first)).toBeGreaterThanOrEqual(19)
      expect(Number(first)).toBeLessThanOrEqual(20)
      expect([less, removed, again]).toEqual(['5', '0', '18'])
      expect([filled, limited, other]).toEqual(['/bin/cat', '0', '30'])
    }, 600_000)

    test('each volume has a project of its own, which is given back', async () => {
      const said = await onDisk(`
for name in one two; do strake volume create --opt size=10M $name >/dev/null; done
project() { lsattr -pd $STRAKE_ROOT/volumes/$1 | { read number rest; echo $number; }; }
[ $(project one) -ge 1073741824 ]
[ $(project one) != $(project two) ]
strake volume inspect one two >/dev/null
strake volume rm one >/dev/null
strake volume create --opt size=10M --opt size=5M one >/dev/null
${write('one', 8)}
${write('two', 8)}
strake volume rm one two >/dev/null
ls -A $STRAKE_ROOT/volumes | wc -l`)
      expect(said.split('\n').slice(1)).toEqual(['8', '0'])
      expect(Number(said.split('\n')[0])).toBeLessThan(6)
    }, 600_000)

    test('the files of a store that was copied count again', async () => {
      const said = await onDisk(`
strake volume create --opt size=20M data >/dev/null
strake run --rm --network none -v data:/data busybox sh -c 'mkdir /data/d; dd if=/dev/zero of=/data/d/f bs=1M count=12 2>/dev/null; ln -s /nowhere /data/link; mknod /data/fifo p'
cp -a $STRAKE_ROOT $disk/copy
export STRAKE_ROOT=$disk/copy
${write('data', 12)}
strake run --rm --network none -v data:/data busybox sh -c 'ls /data; stat -c %s /data/d/f'`)
      const [most, ...kept] = said.split('\n')
      expect(Number(most)).toBeGreaterThanOrEqual(6)
      expect(Number(most)).toBeLessThanOrEqual(8)
      expect(kept).toEqual(['d', 'f', 'fifo', 'link', '12582912'])
    }, 600_000)

    test('refuses a size in a store that is in another project', async () => {
      const said = await onDisk(`
mkdir -p $STRAKE_ROOT/volumes
chattr -p 7 +P $STRAKE_ROOT/volumes
strake volume create --opt size=20M data 2>&1 || true
strake volume create plain
strake volume ls -q
strake volume rm plain`)
      expect(said).toContain('Cannot limit volume data: the store is in project 7')
      expect(said).toEndWith('plain\nplain\nplain')
    }, 600_000)
  })
}
