/**
 * The types of the document of a container. IP addresses and ports are texts here, as in
 * JSON. An absent address is an empty text, not `invalid IP`.
 *
 * @see https://pkg.go.dev/github.com/moby/moby/api/types/container#InspectResponse
 */
export const containerTypes = `
empty {
}
container.ContainerState string
container.HealthStatus string
container.NetworkMode string
container.CgroupnsMode string
container.IpcMode string
container.CgroupSpec string
container.PidMode string
container.UTSMode string
container.UsernsMode string
container.Isolation string
container.RestartPolicyMode string
mount.Type string
mount.Consistency string
mount.Propagation string
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
container.LogConfig {
  Type string
  Config map[string]string
}
network.PortBinding {
  HostIP=HostIp string
  HostPort string
}
container.RestartPolicy {
  Name container.RestartPolicyMode
  MaximumRetryCount int
}
blkiodev.WeightDevice {
  Path string
  Weight uint16
}
blkiodev.ThrottleDevice {
  Path string
  Rate uint64
}
container.DeviceMapping {
  PathOnHost string
  PathInContainer string
  CgroupPermissions string
}
container.DeviceRequest {
  Driver string
  Count int
  DeviceIDs []string
  Capabilities [][]string
  Options map[string]string
}
units.Ulimit {
  Name string
  Hard int64
  Soft int64
}
container.Resources {
  CPUShares=CpuShares int64
  Memory int64
  NanoCPUs=NanoCpus int64
  CgroupParent string
  BlkioWeight uint16
  BlkioWeightDevice []*blkiodev.WeightDevice
  BlkioDeviceReadBps []*blkiodev.ThrottleDevice
  BlkioDeviceWriteBps []*blkiodev.ThrottleDevice
  BlkioDeviceReadIOps []*blkiodev.ThrottleDevice
  BlkioDeviceWriteIOps []*blkiodev.ThrottleDevice
  CPUPeriod=CpuPeriod int64
  CPUQuota=CpuQuota int64
  CPURealtimePeriod=CpuRealtimePeriod int64
  CPURealtimeRuntime=CpuRealtimeRuntime int64
  CpusetCpus string
  CpusetMems string
  Devices []container.DeviceMapping
  DeviceCgroupRules []string
  DeviceRequests []container.DeviceRequest
  MemoryReservation int64
  MemorySwap int64
  MemorySwappiness *int64
  OomKillDisable *bool
  PidsLimit *int64
  Ulimits []*units.Ulimit
  CPUCount=CpuCount int64
  CPUPercent=CpuPercent int64
  IOMaximumIOps uint64
  IOMaximumBandwidth uint64
}
mount.BindOptions {
  Propagation? mount.Propagation
  NonRecursive? bool
  CreateMountpoint? bool
  ReadOnlyNonRecursive? bool
  ReadOnlyForceRecursive? bool
}
mount.Driver {
  Name? string
  Options? map[string]string
}
mount.VolumeOptions {
  NoCopy? bool
  Labels? map[string]string
  Subpath? string
  DriverConfig? *mount.Driver
}
mount.ImageOptions {
  Subpath? string
}
mount.TmpfsOptions {
  SizeBytes? int64
  Mode? uint
  Options? [][]string
}
mount.Mount {
  Type? mount.Type
  Source? string
  Target? string
  ReadOnly? bool
  Consistency? mount.Consistency
  BindOptions? *mount.BindOptions
  VolumeOptions? *mount.VolumeOptions
  ImageOptions? *mount.ImageOptions
  TmpfsOptions? *mount.TmpfsOptions
}
container.HostConfig {
  Binds []string
  ContainerIDFile string
  LogConfig container.LogConfig
  NetworkMode container.NetworkMode
  PortBindings map[string][]network.PortBinding
  RestartPolicy container.RestartPolicy
  AutoRemove bool
  VolumeDriver string
  VolumesFrom []string
  ConsoleSize []uint
  Annotations? map[string]string
  CapAdd []string
  CapDrop []string
  CgroupnsMode container.CgroupnsMode
  DNS=Dns []string
  DNSOptions=DnsOptions []string
  DNSSearch=DnsSearch []string
  ExtraHosts []string
  GroupAdd []string
  IpcMode container.IpcMode
  Cgroup container.CgroupSpec
  Links []string
  OomScoreAdj int
  PidMode container.PidMode
  Privileged bool
  PublishAllPorts bool
  ReadonlyRootfs bool
  SecurityOpt []string
  StorageOpt? map[string]string
  Tmpfs? map[string]string
  UTSMode container.UTSMode
  UsernsMode container.UsernsMode
  ShmSize int64
  Sysctls? map[string]string
  Runtime? string
  Umask? *uint
  Isolation container.Isolation
  ...container.Resources
  Mounts? []mount.Mount
  MaskedPaths []string
  ReadonlyPaths []string
  Init? *bool
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
v1.Platform {
  Architecture=architecture string
  OS=os string
  OSVersion=os.version? string
  OSFeatures=os.features? []string
  Variant=variant? string
}
v1.Descriptor {
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
