/** A wanted difference to Docker 29. */
export interface Difference {
  /** Long forms of Docker: `container run`. None: it concerns every command. */
  readonly commands: readonly string[]
  readonly docker: string
  readonly strake: string
  readonly reason: string
}

const starts: readonly string[] = ['container run', 'container create']
const builds: readonly string[] = ['buildx build', 'image build']

/** The differences that the table of commands does not show. */
export const differences: readonly Difference[] = [
  {
    commands: [],
    docker: 'The command asks a daemon, which does the work as root.',
    strake: 'The command does the work itself, and needs the rights for it.',
    reason: 'Nothing has to run beforehand, and an upgrade stops no container.',
  },
  {
    commands: [],
    docker: '`--host`, `--context`, `DOCKER_HOST` and `DOCKER_CONTEXT` choose a daemon.',
    strake:
      '`--host` and `--context` are refused if they mean another machine. Both variables are ignored, with a warning in a terminal.',
    reason: 'There is no daemon. `ssh HOST strake …` works on another machine.',
  },
  {
    commands: [],
    docker: 'Settings of the daemon are in `/etc/docker/daemon.json`.',
    strake: 'The file is not read. Options and the variables of [cli.md](cli.md) replace it.',
    reason: 'There is no daemon. `strake info` shows the choices and their reasons.',
  },
  {
    commands: [],
    docker: 'An error begins with `Error response from daemon:`.',
    strake:
      'An error is one sentence behind `strake:`, often with a line `try:`. Exit codes are those of Docker, except where this page names others.',
    reason: 'The message names the value and a remedy. Scripts should test the exit code.',
  },
  {
    commands: [],
    docker: 'The daemon starts containers by their restart policies after a reboot.',
    strake: 'The unit `strake.service` runs `strake system start-all`.',
    reason:
      'There is no daemon. The unit is installed, and `systemctl enable strake` activates it.',
  },
  {
    commands: [],
    docker: 'Images and containers are in `/var/lib/docker`.',
    strake:
      'They are in `/var/lib/strake`, or in `~/.local/share/strake` for other users than root.',
    reason:
      'The two programs do not disturb each other. `docker save` and `strake load` copy images.',
  },
  {
    commands: builds,
    docker: 'Two builds of the same files without a cache give two image IDs.',
    strake: 'They give one image ID, if RUN writes the same. `--timestamp now` keeps real times.',
    reason: '[Decision 005](decisions/005-same-input-same-digest.md)',
  },
  {
    commands: builds,
    docker: 'buildx adds a provenance to every image, which makes it an index.',
    strake: 'Attestations are made with `--provenance`, `--sbom` or `--attest` only.',
    reason: '[Decision 018](decisions/018-attestations-are-made-when-asked.md)',
  },
  {
    commands: builds,
    docker: '`# syntax=` downloads and runs any frontend.',
    strake: '`docker/dockerfile` is built in, and every other frontend is refused.',
    reason: 'A frontend is a program from a registry that decides about the build.',
  },
  {
    commands: builds,
    docker: '`COPY --chown=NAME` with a name that the image lacks makes files of root.',
    strake: 'It is refused, and the message names the missing user.',
    reason: 'Files of the wrong owner are found late.',
  },
  {
    commands: builds,
    docker:
      '`FROM --platform` with an image that is present for another platform only builds on that one, with a warning.',
    strake:
      'strake pulls it for the other platform, and the build fails if that is impossible. The message names both platforms.',
    reason: 'The result would not run where it is meant to run.',
  },
  {
    commands: builds,
    docker: '`--iidfile` in an absent directory fails after the image has been built and named.',
    strake: 'It is refused before the build, and no name changes.',
    reason: 'A failed build must not change a name.',
  },
  {
    commands: builds,
    docker: 'A file of the context whose name is not UTF-8 cannot be copied.',
    strake: 'It is copied, with the bytes of its name.',
    reason: 'Linux allows such names.',
  },
  {
    commands: builds,
    docker: '`--builder` chooses a builder.',
    strake: '`--builder` is accepted and has no effect.',
    reason: 'There is one builder, which is this program.',
  },
  {
    commands: [...builds, 'image import'],
    docker: 'A name such as `sha256:abc` is accepted.',
    strake: 'It is refused, as `tag` refuses it in Docker.',
    reason: 'Such a name can be taken for an image ID.',
  },
  {
    commands: ['builder prune', 'buildx prune'],
    docker: 'Without `--all`, records that images share stay.',
    strake: 'The whole cache is deleted with and without `--all`. Images stay.',
    reason:
      'Images keep their layers by themselves. `--filter` and `--reserved-space` choose what stays.',
  },
  {
    commands: ['buildx create', 'buildx use', 'buildx rm', 'buildx stop', 'buildx inspect'],
    docker: 'Builders have names, and are made, chosen and removed.',
    strake: 'There is one builder. Every name means it, and `rm` and `stop` leave it as it is.',
    reason: 'Scripts that make a builder of their own work unchanged.',
  },
  {
    commands: starts,
    docker:
      'A script with an absent interpreter, or an invalid program, starts the container and ends with 255.',
    strake:
      'It does not start and ends with 127 or 126, as in a shell. The message names the interpreter.',
    reason: 'The exit code then says that the program never ran.',
  },
  {
    commands: starts,
    docker:
      'A seccomp profile without `defaultAction` (`{}`) runs the container without a filter, and unknown fields are ignored.',
    strake: 'Both are refused.',
    reason: 'A mistake in a profile must not switch it off.',
  },
  {
    commands: starts,
    docker: '`--hostname` accepts a line break and writes it into `/etc/hosts`.',
    strake: 'Control characters are refused.',
    reason: 'A host name must not add lines to a file.',
  },
  {
    commands: starts,
    docker: 'An image whose `/etc/passwd` is a named pipe blocks the creation of the container.',
    strake: 'It is refused, because the file is not a regular file.',
    reason: 'An image must not be able to block the program.',
  },
  {
    commands: starts,
    docker: '`--log-driver` sends the log to syslog, fluentd and others.',
    strake: 'The drivers are `json-file`, `local`, `journald` and `none`.',
    reason: 'The other drivers are connections of a daemon.',
  },
  {
    commands: starts,
    docker:
      '`--use-api-socket` gives the container the socket of the daemon, and the credentials of the user.',
    strake: 'It gives the socket that `strake system serve` listens at, and no credentials.',
    reason: 'A container gets no secret that it can do without: `docker login` works in it.',
  },
  {
    commands: ['container rm'],
    docker: '`--link` removes a link between two containers.',
    strake: 'It is refused.',
    reason: 'A link belongs to the options of its container, and ends with it.',
  },
  {
    commands: ['container logs'],
    docker: 'A line of more than 16 KiB counts as several lines for `--tail` and `--timestamps`.',
    strake: 'It counts as one line, and has one time.',
    reason: 'The program wrote one line.',
  },
  {
    commands: ['container logs'],
    docker: 'The last line of a running container is missing until it ends with a line break.',
    strake: 'It is shown.',
    reason: 'A question that waits for an answer is such a line.',
  },
  {
    commands: ['container attach'],
    docker: 'No output is shown after standard input has ended.',
    strake: 'Output is shown until the container ends.',
    reason: '`echo yes | strake attach NAME` shows the answer.',
  },
  {
    commands: ['image ls'],
    docker: 'The table has the columns IMAGE, ID, DISK USAGE, CONTENT SIZE and EXTRA.',
    strake:
      'It has the columns REPOSITORY, TAG, IMAGE ID, CREATED and SIZE, and `--quiet` shows each ID once.',
    reason: 'Scripts read the columns that Docker had for ten years.',
  },
  {
    commands: starts,
    docker: 'A container may start any number of processes, and its log may grow without end.',
    strake:
      'It may have 2048 processes and a log of 30 MB. `--pids-limit` and `--log-opt` change that.',
    reason: 'One container must not be able to block the machine.',
  },
  {
    commands: ['container create'],
    docker: 'The client refuses some wrong values with 125, and the daemon refuses others with 1.',
    strake: 'A wrong option ends with 125, and everything else with 1.',
    reason: 'There is one program.',
  },
  {
    commands: ['container exec'],
    docker: 'The reason why a program cannot be started is on standard output.',
    strake: 'It is on standard error.',
    reason: 'Standard output is that of the program.',
  },
  {
    commands: ['container cp'],
    docker: 'Copying from one container to another is refused.',
    strake: 'It is done.',
    reason: '`cp` without a file in between is what the command line says.',
  },
  {
    commands: ['container stop'],
    docker: 'A very long `--timeout` (9999999999) kills the container at once.',
    strake: 'It waits, and the container can end by itself.',
    reason: 'A number that is too large must not lose data.',
  },
  {
    commands: ['container inspect', 'system info'],
    docker: 'The storage driver of a container and of the machine is `overlayfs`.',
    strake: 'It is `erofs` or `directory`.',
    reason: '[Decision 008](decisions/008-layers-are-mounted.md)',
  },
  {
    commands: ['network create'],
    docker: 'Drivers are bridge, macvlan, ipvlan, overlay, and those of plugins.',
    strake: 'Drivers are bridge, macvlan and ipvlan.',
    reason: 'Overlay networks belong to a swarm, and there are no plugins.',
  },
  {
    commands: ['volume create'],
    docker: '`--driver` may name a plugin.',
    strake: 'The only driver is `local`. Its options mount NFS, CIFS and other file systems.',
    reason: 'There are no plugins.',
  },
  {
    commands: ['version'],
    docker: 'The text has a part for the client and one for the server.',
    strake:
      'The text has one part. Templates answer to `.Client` and `.Server` with the same version.',
    reason: 'There is one program.',
  },
]
