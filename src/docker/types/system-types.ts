/**
 * The types of the documents of `info`, `version`, `events` and volumes.
 * Members about a daemon, a swarm or a plugin are omitted, because strake has none.
 *
 * @see https://pkg.go.dev/github.com/moby/moby/api/types/system#Info
 */
export const systemTypes = `
volume.UsageData {
  RefCount int64
  Size int64
}
volume.Volume {
  ClusterVolume? *empty
  CreatedAt? string
  Driver string
  Labels map[string]string
  Mountpoint string
  Name string
  Options map[string]string
  Scope string
  Status? map[string]any
  UsageData? *volume.UsageData
}
events.Type string
events.Action string
events.Actor {
  ID string
  Attributes map[string]string
}
events.Message {
  Type events.Type
  Action events.Action
  Actor events.Actor
  Scope=scope? string
  Time=time? int64
  TimeNano=timeNano? int64
}
client.PlatformInfo {
  Name string
}
system.clientVersion {
  Version? string
  APIVersion=ApiVersion? string
  DefaultAPIVersion? string
  GitCommit? string
  GoVersion? string
  Os? string
  Arch? string
  BuildTime? string
  Context string
}
system.ComponentVersion {
  Name string
  Version string
  Details? map[string]string
}
system.serverVersion {
  Platform client.PlatformInfo
  Version string
  APIVersion=ApiVersion? string
  MinAPIVersion? string
  Os string
  Arch string
  Components? []system.ComponentVersion
  GitCommit? string
  GoVersion? string
  KernelVersion? string
  Experimental? bool
  BuildTime? string
}
system.versionInfo {
  Client system.clientVersion
  Server *system.serverVersion
}
system.clientInfo {
  Debug bool
  ...system.clientVersion
  Plugins []string
  Warnings []string
}
swarm.LocalNodeState string
swarm.Info {
  NodeID string
  NodeAddr string
  LocalNodeState swarm.LocalNodeState
  ControlAvailable bool
  Error string
}
system.PluginsInfo {
  Volume []string
  Network []string
  Authorization []string
  Log []string
}
system.RuntimeWithStatus {
  Path=path? string
  Args=runtimeArgs? []string
}
system.dockerInfo {
  ID string
  Containers int
  ContainersRunning int
  ContainersPaused int
  ContainersStopped int
  Images int
  Driver string
  DriverStatus [][]string
  Plugins system.PluginsInfo
  Debug bool
  LoggingDriver string
  CgroupDriver string
  CgroupVersion? string
  KernelVersion string
  OperatingSystem string
  OSVersion string
  OSType string
  Architecture string
  IndexServerAddress string
  NCPU int
  MemTotal int64
  DockerRootDir string
  Name string
  Labels []string
  ExperimentalBuild bool
  ServerVersion string
  Runtimes map[string]system.RuntimeWithStatus
  DefaultRuntime string
  Swarm swarm.Info
  LiveRestoreEnabled bool
  SecurityOptions []string
  Warnings []string
  ServerErrors? []string
  ClientInfo? *system.clientInfo
  ClientErrors? []string
}
`
