const words = (text: string): readonly string[] => text.split(' ')

const signals = words('SIGHUP SIGINT SIGQUIT SIGKILL SIGUSR1 SIGUSR2 SIGTERM SIGCONT SIGSTOP')
const platforms = words('linux/amd64 linux/arm64 linux/arm/v7 linux/386 linux/riscv64 linux/s390x')
const formats = words('table json')
const ages = words('until= label=')
const capabilities = words(
  'ALL AUDIT_WRITE BPF CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID IPC_LOCK KILL MKNOD ' +
    'NET_ADMIN NET_BIND_SERVICE NET_RAW PERFMON SETFCAP SETGID SETPCAP SETUID SYSLOG SYS_ADMIN ' +
    'SYS_BOOT SYS_CHROOT SYS_MODULE SYS_NICE SYS_PACCT SYS_PTRACE SYS_RAWIO SYS_RESOURCE SYS_TIME',
)

/** Suggested values, by command and option or by option alone. The options accept other values too. */
const offered: Readonly<Record<string, readonly string[]>> = {
  '--cap-add': capabilities,
  '--cap-drop': capabilities,
  '--filter': ages,
  '--format': formats,
  '--ipc': words('private shareable none host container:'),
  '--log-driver': words('json-file local journald none'),
  '--log-opt': words('max-size= max-file= mode=non-blocking max-buffer-size= labels= env= tag='),
  '--mount': words('type=bind,source= type=volume,source= type=tmpfs,target='),
  '--network': words('bridge host none'),
  '--platform': platforms,
  '--restart': words('no on-failure always unless-stopped'),
  '--security-opt': words(
    'no-new-privileges seccomp=builtin seccomp=unconfined systempaths=unconfined',
  ),
  '--signal': signals,
  '--snapshotter': words('erofs directory'),
  '--stop-signal': signals,
  '--tail': words('all 10 100'),
  '--timestamp': words('now'),
  '--type': words('container image'),
  '--userns': words('host'),
  '--ulimit': words('core= cpu= memlock= nofile= nproc= stack='),
  'build --network': words('default none host'),
  'images --filter': words('dangling=true dangling=false label= reference= before= since= until='),
  'network create --driver': words('bridge macvlan ipvlan'),
  'network create --opt': words(
    'parent= macvlan_mode= ipvlan_mode= port.firewall=respect com.docker.network.driver.mtu=',
  ),
  'network ls --filter': words('dangling= driver= id= label= name= scope=local type=custom'),
  'search --filter': words('is-official=true is-automated=true stars='),
  'ps --filter': words(
    'ancestor= before= exited= health= id= label= name= network= publish= since= status= volume=',
  ),
}

/** Returns suggested values for an option; none for file names and free text. */
export function valuesOf(command: string, long: string): readonly string[] {
  return offered[`${command} ${long}`] ?? offered[long] ?? []
}
