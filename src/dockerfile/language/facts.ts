/** An option of an instruction. */
export interface FlagFact {
  readonly name: string
  readonly summary: string
  /** Absent for a flag that needs no value. */
  readonly values?: readonly string[] | 'platform' | 'stage' | 'mount' | 'any'
}

export interface InstructionFact {
  readonly syntax: string
  readonly summary: string
  readonly flags: readonly FlagFact[]
}

const owner: FlagFact = { name: 'chown', summary: 'user[:group] of the copies', values: 'any' }
const copyFlags: readonly FlagFact[] = [
  owner,
  { name: 'chmod', summary: 'mode of the copies, as 0644 or u=rwX,go=rX', values: 'any' },
  { name: 'link', summary: 'an own layer that does not depend on the layers below' },
  {
    name: 'exclude',
    summary: 'a pattern of paths that are not copied; may be repeated',
    values: 'any',
  },
]

/** What every instruction does, and its options. */
export const instructions: Readonly<Record<string, InstructionFact>> = {
  ADD: {
    syntax: 'ADD [flags] <source>… <destination>',
    summary: 'Copies files, unpacks local archives, and downloads URLs and git repositories',
    flags: [
      ...copyFlags,
      {
        name: 'checksum',
        summary: 'digest of a download, or commit of a repository',
        values: 'any',
      },
      { name: 'keep-git-dir', summary: 'keep .git of a repository' },
      { name: 'unpack', summary: 'unpack the archive, also a downloaded one' },
    ],
  },
  ARG: {
    syntax: 'ARG <name>[=<default>]…',
    summary:
      'Declares variables that --build-arg sets. They are not in the environment of containers',
    flags: [],
  },
  CMD: {
    syntax: 'CMD ["program", "argument"…]',
    summary: 'The command of containers, or the arguments of ENTRYPOINT. The last one counts',
    flags: [],
  },
  COPY: {
    syntax: 'COPY [flags] <source>… <destination>',
    summary: 'Copies files of the build context, a stage or an image',
    flags: [
      { name: 'from', summary: 'a stage, an image or a named context', values: 'stage' },
      ...copyFlags,
      { name: 'parents', summary: 'keep the directories of the sources' },
    ],
  },
  ENTRYPOINT: {
    syntax: 'ENTRYPOINT ["program", "argument"…]',
    summary: 'The program of containers. CMD gives its arguments',
    flags: [],
  },
  ENV: {
    syntax: 'ENV <name>=<value>…',
    summary: 'Sets variables for the next instructions and for containers',
    flags: [],
  },
  EXPOSE: {
    syntax: 'EXPOSE <port>[-<port>][/<protocol>]…',
    summary: 'Names ports that containers listen on. It publishes nothing',
    flags: [],
  },
  FROM: {
    syntax: 'FROM [--platform=<platform>] <image> [AS <name>]',
    summary: 'Begins a stage with an image, an earlier stage, or nothing (scratch)',
    flags: [{ name: 'platform', summary: 'platform of the base image', values: 'platform' }],
  },
  HEALTHCHECK: {
    syntax: 'HEALTHCHECK [flags] CMD <command> | NONE',
    summary: 'The command that tells whether a container is healthy',
    flags: [
      { name: 'interval', summary: 'time between two checks; 30s', values: 'any' },
      { name: 'timeout', summary: 'time that one check may take; 30s', values: 'any' },
      { name: 'start-period', summary: 'time in which failures do not count; 0s', values: 'any' },
      {
        name: 'start-interval',
        summary: 'time between checks in the start period; 5s',
        values: 'any',
      },
      { name: 'retries', summary: 'failures until a container is unhealthy; 3', values: 'any' },
    ],
  },
  LABEL: {
    syntax: 'LABEL <key>=<value>…',
    summary: 'Adds labels to the image',
    flags: [],
  },
  MAINTAINER: {
    syntax: 'MAINTAINER <name>',
    summary: 'The author of the image. Deprecated: use the label org.opencontainers.image.authors',
    flags: [],
  },
  ONBUILD: {
    syntax: 'ONBUILD <instruction>',
    summary: 'Runs an instruction in builds that have this image as their base',
    flags: [],
  },
  RUN: {
    syntax: 'RUN [flags] <command>',
    summary: 'Runs a command and keeps the files that it changes',
    flags: [
      { name: 'mount', summary: 'a mount for this command only; may be repeated', values: 'mount' },
      { name: 'network', summary: 'network of the command', values: ['default', 'none', 'host'] },
      { name: 'security', summary: 'rights of the command', values: ['sandbox', 'insecure'] },
      { name: 'device', summary: 'a CDI device', values: 'any' },
    ],
  },
  SHELL: {
    syntax: 'SHELL ["program", "argument"…]',
    summary: 'The shell of commands that are not JSON arrays',
    flags: [],
  },
  STOPSIGNAL: {
    syntax: 'STOPSIGNAL <signal>',
    summary: 'The signal that stops a container: a name or a number',
    flags: [],
  },
  USER: {
    syntax: 'USER <user>[:<group>]',
    summary: 'User and group of the next commands and of containers',
    flags: [],
  },
  VOLUME: {
    syntax: 'VOLUME <path>…',
    summary: 'Directories that get a volume in containers',
    flags: [],
  },
  WORKDIR: {
    syntax: 'WORKDIR <path>',
    summary: 'Makes a directory, and uses it for the next instructions and for containers',
    flags: [],
  },
}

/** Keys of `RUN --mount`, and their values where there are few. */
export const mountKeys: readonly FlagFact[] = [
  { name: 'type', summary: 'kind of mount', values: ['bind', 'cache', 'tmpfs', 'secret', 'ssh'] },
  { name: 'target', summary: 'path in the container', values: 'any' },
  { name: 'source', summary: 'path in the context, the stage or the cache', values: 'any' },
  { name: 'from', summary: 'a stage, an image or a named context', values: 'stage' },
  { name: 'id', summary: 'name of the cache, the secret or the agent', values: 'any' },
  { name: 'sharing', summary: 'how builds share a cache', values: ['shared', 'private', 'locked'] },
  { name: 'readonly', summary: 'the command cannot write' },
  { name: 'readwrite', summary: 'the command can write; its changes are lost' },
  { name: 'required', summary: 'fail without the secret or agent' },
  { name: 'env', summary: 'a variable that has the secret', values: 'any' },
  { name: 'mode', summary: 'permissions in octal', values: 'any' },
  { name: 'uid', summary: 'owner', values: 'any' },
  { name: 'gid', summary: 'group', values: 'any' },
  { name: 'size', summary: 'the most bytes of a tmpfs', values: 'any' },
]

/** Platforms that base images usually have. */
export const platforms: readonly string[] = [
  '$BUILDPLATFORM',
  '$TARGETPLATFORM',
  'linux/386',
  'linux/amd64',
  'linux/arm/v6',
  'linux/arm/v7',
  'linux/arm64',
  'linux/ppc64le',
  'linux/riscv64',
  'linux/s390x',
]

/** Parser directives, with what their values mean. */
export const directives: readonly FlagFact[] = [
  { name: 'syntax', summary: 'the frontend that reads the file', values: ['docker/dockerfile:1'] },
  { name: 'escape', summary: 'the character that continues a line', values: ['\\', '`'] },
  { name: 'check', summary: 'options of build checks: skip=RULE;error=true', values: 'any' },
]

export const signals: readonly string[] = [
  'SIGTERM',
  'SIGINT',
  'SIGQUIT',
  'SIGKILL',
  'SIGHUP',
  'SIGUSR1',
  'SIGUSR2',
  'SIGWINCH',
]
