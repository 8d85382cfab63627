import { StrakeError } from '#oci'
import type { Command } from '../command.ts'

/** Flags of Podman and Buildah that strake refuses for one reason, with what to do instead. */
interface RefusedFlags {
  /** As in their help. A flag without a value is a switch. */
  readonly flags: readonly string[]
  readonly reason: string
  readonly remedy: string
  /** Values that say what strake does anyway. Default of a switch: `false`. */
  readonly idle?: readonly string[]
}

const refused: readonly RefusedFlags[] = [
  {
    flags: ['--squash', '--squash-all'],
    reason: 'layers are what caches and registries share',
    remedy: 'end with FROM scratch and COPY --from=STAGE / /',
  },
  {
    flags: ['-v, --volume <mount>', '--transient-mount <mount>'],
    reason: 'a result must not depend on files of one machine',
    remedy: 'name them with --build-context, and use RUN --mount=type=bind,from=NAME',
  },
  {
    flags: [
      '--cap-add <capability>',
      '--cap-drop <capability>',
      '--security-opt <option>',
      '--group-add <group>',
    ],
    reason: 'RUN has the capabilities of a container',
    remedy: 'use RUN --security=insecure and --allow security.insecure',
  },
  {
    flags: ['--device <device>'],
    reason: 'RUN names its devices',
    remedy: 'use RUN --device and --allow device',
  },
  {
    flags: ['--dns <address>', '--dns-search <domain>', '--dns-option <option>'],
    reason: 'RUN uses the name servers of this machine',
    remedy: 'add names with --add-host',
  },
  {
    flags: ['--creds <user>', '--authfile <file>', '--cert-dir <directory>'],
    reason: 'passwords come from one place',
    remedy: 'use strake login, or DOCKER_CONFIG',
  },
  {
    flags: ['--tls-verify'],
    reason: 'certificates of registries are always verified',
    remedy: 'install the certificate on this machine',
    idle: ['true'],
  },
  {
    flags: ['--all-platforms'],
    reason: 'the platforms of a base change',
    remedy: 'name them with --platform',
  },
  {
    flags: ['--os-feature <feature>', '--os-version <version>'],
    reason: 'only images of Windows have it',
    remedy: 'leave it out',
  },
  {
    flags: ['--from <image>'],
    reason: 'a Dockerfile names its base',
    remedy: 'use --build-context NAME=docker-image://IMAGE',
  },
  {
    flags: ['--cpp-flag <flag>'],
    reason: 'a Dockerfile has no preprocessor',
    remedy: 'run cpp FILE | strake build -f - .',
  },
  {
    flags: ['--logfile <file>', '--logsplit'],
    reason: 'progress goes to standard error',
    remedy: 'use --progress plain 2>FILE',
  },
  {
    flags: ['--omit-history'],
    reason: 'the history says how an image was made',
    remedy: 'leave it out',
  },
  {
    flags: ['--inherit-labels'],
    reason: 'an image has the labels of its base',
    remedy: 'remove labels with --unsetlabel',
    idle: ['true'],
  },
  {
    flags: ['--inherit-annotations'],
    reason: 'an image has no annotations of its base',
    remedy: 'add them with --annotation',
    idle: ['false'],
  },
  {
    flags: ['--created-annotation'],
    reason: 'the configuration has the time',
    remedy: 'add it with --annotation',
    idle: ['false'],
  },
  {
    flags: ['--skip-unused-stages'],
    reason: 'only stages that the target needs are built',
    remedy: 'build the others with --target',
    idle: ['true'],
  },
  {
    flags: ['--save-stages'],
    reason: 'stages stay in the cache, without names',
    remedy: 'build them with --target and --tag',
  },
  {
    flags: ['--cache-ttl <duration>'],
    reason: 'a step is cached while its inputs are the same',
    remedy: 'use --no-cache, or strake builder prune --filter until=DURATION',
  },
  {
    flags: ['--compat-volumes'],
    reason: 'changes of RUN in a volume are kept',
    remedy: 'write elsewhere, or remove the files in the same RUN',
  },
  {
    flags: ['ipc', 'pid', 'uts', 'cgroupns', 'userns'].map((name) => `--${name} <how>`),
    reason: 'RUN has namespaces of its own',
    remedy: 'leave it out',
    idle: ['', 'private', 'container'],
  },
  {
    flags: ['uid-map', 'gid-map', 'uid-map-user', 'gid-map-group'].map(
      (name) => `--userns-${name} <map>`,
    ),
    reason: 'RUN has namespaces of its own',
    remedy: 'leave it out',
  },
  {
    flags: ['--hooks-dir <directory>', '--runtime-flag <flag>'],
    reason: 'RUN is the same on every machine',
    remedy: 'leave it out',
  },
  {
    flags: ['--stdin'],
    reason: 'RUN asks nobody',
    remedy: 'pass answers with --build-arg or --secret',
  },
  {
    flags: ['--cw <options>'],
    reason: 'images for confidential machines are not made',
    remedy: 'convert the image with buildah',
  },
  {
    flags: ['--decryption-key <key>'],
    reason: 'encrypted images are not read',
    remedy: 'decrypt the image with skopeo copy',
  },
  {
    flags: ['--sign-by <fingerprint>'],
    reason: 'images are signed after the build',
    remedy: 'sign the digest, for example with cosign',
  },
  {
    flags: [
      ...['image-output', 'image-purl-output', 'output', 'purl-output'].map(
        (name) => `--sbom-${name} <file>`,
      ),
      ...['merge-strategy', 'scanner-command', 'scanner-image'].map(
        (name) => `--sbom-${name} <value>`,
      ),
    ],
    reason: 'packages are listed beside the image',
    remedy: 'use --sbom=true, or --sbom=generator=syft',
  },
]

/** Flags that say what strake does anyway, or that speak of what strake does not have. */
const idle: readonly string[] = [
  '--disable-compression',
  '--identity-label',
  '--layer-label <label>',
  '--layers',
  '--retry <number>',
  '--retry-delay <time>',
  '--rewrite-timestamp',
  '--stage-labels',
  '--unsetannotation <key>',
]

/** Adds the flags, hidden: they are for scripts that were written for Podman and Buildah. */
export function addPodmanFlags(command: Command): Command {
  for (const flags of idle) command.option(flags, '', { hidden: true })
  for (const group of refused) for (const flags of group.flags) addRefused(command, flags, group)
  return command
}

function addRefused(
  command: Command,
  flags: string,
  { reason, remedy, idle: accepted }: RefusedFlags,
): void {
  const [flag = ''] = /--[a-z-]+/.exec(flags) ?? []
  const isSwitch = !flags.includes('<')
  const values = accepted ?? (isSwitch ? ['false'] : [])
  const read = (text: string): undefined => {
    if (values.includes(text)) return undefined
    throw new StrakeError('UNSUPPORTED', `Cannot use ${flag}: ${reason}`, { remedy })
  }
  const settings = { hidden: true, read, ...(isSwitch && { alone: 'true' }) }
  command.option(isSwitch ? `${flags} <value>` : flags, '', settings)
}
