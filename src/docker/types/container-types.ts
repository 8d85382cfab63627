import { platformDeclaration } from './platform-type.ts'

/**
 * The types of the document of a container. They use those of its host configuration. IP addresses
 * and ports are texts here, as in JSON. An absent address is an empty text, not `invalid IP`.
 *
 * @see https://pkg.go.dev/github.com/moby/moby/api/types/container#InspectResponse
 */
export const containerTypes: string = `
empty {
}
container.ContainerState string
container.HealthStatus string
digest.Digest string
time.Duration int64
container.HealthcheckResult {
  Start time.Time
  End time.Time
  ExitCode int
  Output string
}
container.Health {
  Status container.HealthStatus
  FailingStreak int
  Log []*container.HealthcheckResult
}
container.State {
  Status container.ContainerState
  Running bool
  Paused bool
  Restarting bool
  OOMKilled bool
  Dead bool
  Pid int
  ExitCode int
  Error string
  StartedAt string
  FinishedAt string
  Health? *container.Health
}
storage.DriverData {
  Data map[string]string
  Name string
}
storage.RootFSStorageSnapshot {
  Name? string
}
storage.RootFSStorage {
  Snapshot? *storage.RootFSStorageSnapshot
}
storage.Storage {
  RootFS? *storage.RootFSStorage
}
container.MountPoint {
  Type? mount.Type
  Name? string
  Source string
  Destination string
  Driver? string
  Mode string
  RW bool
  Propagation mount.Propagation
}
v1.HealthcheckConfig {
  Test? []string
  Interval? time.Duration
  Timeout? time.Duration
  StartPeriod? time.Duration
  StartInterval? time.Duration
  Retries? int
}
container.Config {
  Hostname string
  Domainname string
  User string
  AttachStdin bool
  AttachStdout bool
  AttachStderr bool
  ExposedPorts? map[string]empty
  Tty bool
  OpenStdin bool
  StdinOnce bool
  Env []string
  Cmd []string
  Healthcheck? *v1.HealthcheckConfig
  ArgsEscaped? bool
  Image string
  Volumes map[string]empty
  WorkingDir string
  Entrypoint []string
  NetworkDisabled? bool
  OnBuild? []string
  Labels map[string]string
  StopSignal? string
  StopTimeout? *int
  Shell? []string
}
network.EndpointIPAMConfig {
  IPv4Address? string
  IPv6Address? string
  LinkLocalIPs? []string
}
network.EndpointSettings {
  IPAMConfig *network.EndpointIPAMConfig
  Links []string
  Aliases []string
  DriverOpts map[string]string
  GwPriority int
  NetworkID string
  EndpointID string
  Gateway string
  IPAddress string
  MacAddress string
  IPPrefixLen int
  IPv6Gateway string
  GlobalIPv6Address string
  GlobalIPv6PrefixLen int
  DNSNames []string
}
container.NetworkSettings {
  SandboxID string
  SandboxKey string
  Ports map[string][]network.PortBinding
  Networks map[string]*network.EndpointSettings
}
${platformDeclaration}v1.Descriptor {
  MediaType=mediaType string
  Digest=digest digest.Digest
  Size=size int64
  URLs=urls? []string
  Annotations=annotations? map[string]string
  Platform=platform? *v1.Platform
  ArtifactType=artifactType? string
}
container.InspectResponse {
  ID=Id string
  Created string
  Path string
  Args []string
  State *container.State
  Image string
  ResolvConfPath string
  HostnamePath string
  HostsPath string
  LogPath string
  Name string
  RestartCount int
  Driver string
  Platform string
  MountLabel string
  ProcessLabel string
  AppArmorProfile string
  ExecIDs []string
  HostConfig *container.HostConfig
  GraphDriver? *storage.DriverData
  Storage? *storage.Storage
  SizeRw? *int64
  SizeRootFs? *int64
  Mounts []container.MountPoint
  Config *container.Config
  NetworkSettings *container.NetworkSettings
  ImageManifestDescriptor? *v1.Descriptor
}
`
