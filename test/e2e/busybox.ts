import { chmod, copyFile, mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Strake } from './strake.ts'
import { command } from './strake.ts'

const applets = (
  'sh cat echo ls true false sleep id env pwd wc head tail grep sed cut sort tr printf test mkdir rm mv cp ln ' +
  'touch chmod chown stat find xargs seq kill ps httpd wget nc ip hostname mount umount dd date yes tty stty ' +
  'readlink basename dirname sha256sum tar gzip nslookup ping mknod'
).split(' ')

/** Writes a root file system with Debian's static busybox: the smallest real base image. */
export async function writeBusyboxRoot(directory: string): Promise<void> {
  for (const name of ['bin', 'etc', 'tmp', 'root', 'var', 'proc', 'sys', 'dev', 'home']) {
    await mkdir(join(directory, name), { recursive: true })
  }
  await chmod(join(directory, 'tmp'), 0o1777)
  await copyFile('/bin/busybox', join(directory, 'bin/busybox'))
  await chmod(join(directory, 'bin/busybox'), 0o755)
  for (const applet of applets) await symlink('busybox', join(directory, 'bin', applet))
  await writeFile(
    join(directory, 'etc/passwd'),
    'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\nuser:x:1000:1000::/home:/bin/sh\n',
  )
  await writeFile(
    join(directory, 'etc/group'),
    'root:x:0:\nstaff:x:50:user\nnogroup:x:65534:\nuser:x:1000:\n',
  )
}

/** Imports that root as `name` and returns the image ID. */
export async function importBusybox(
  strake: Strake,
  name = 'busybox',
  change = 'CMD ["sh"]',
): Promise<string> {
  const root = join(strake.directory, `rootfs-${name.replaceAll(/\W/g, '-')}`)
  const archive = `${root}.tar`
  await writeBusyboxRoot(root)
  const packed = await command(['tar', '-C', root, '--numeric-owner', '-cf', archive, '.'])
  if (packed.exitCode !== 0) throw new Error(packed.stderr)
  return strake.ok('import', '-c', change, archive, name)
}

/** Writes a build context: file contents by path. */
export async function writeContext(
  directory: string,
  files: Readonly<Record<string, string>>,
): Promise<string> {
  for (const [path, text] of Object.entries(files)) {
    await mkdir(join(directory, path, '..'), { recursive: true })
    await writeFile(join(directory, path), text)
  }
  return directory
}
