import { commands } from './table.ts'

const titles = {
  images: 'Images',
  containers: 'Containers',
  registries: 'Registries',
  system: 'System',
} as const

/** The text of `strake --help`. */
export function formatHelp(): string {
  const groups = Object.entries(titles).map(([group, title]) => {
    const rows = Object.entries(commands)
      .filter(([, entry]) => entry.group === group)
      .map(([name, entry]) => `  ${name.padEnd(12)}${entry.summary}`)
    return `${title}:\n${rows.join('\n')}`
  })
  return `Usage: strake [OPTIONS] COMMAND

Build, store, share and run container images without a daemon.

${groups.join('\n\n')}

Options:
  --root DIR    Keep everything in DIR instead of $STRAKE_ROOT
  --snapshotter KIND
                Mount layers (erofs) or unpack them (directory), instead of
                $STRAKE_SNAPSHOTTER or the best choice for this machine
  --config DIR  Keep credentials in DIR instead of $DOCKER_CONFIG or ~/.docker
  -D, --debug   Show causes and stack traces of errors
  -v, --version Print the version
  -h, --help    Print this, or the help of a command

Example:
  strake build -t hello . && strake run --rm hello

Run 'strake COMMAND --help' for a command's options and an example.
`
}
