/**
 * The types of the document of an image, besides those of a container.
 *
 * @see https://pkg.go.dev/github.com/moby/moby/api/types/image#InspectResponse
 */
export const imageTypes = `
v1.ImageConfig {
  User? string
  ExposedPorts? map[string]empty
  Env? []string
  Entrypoint? []string
  Cmd? []string
  Volumes? map[string]empty
  WorkingDir? string
  Labels? map[string]string
  StopSignal? string
  ArgsEscaped? bool
}
v1.DockerOCIImageConfigExt {
  Healthcheck? *v1.HealthcheckConfig
  OnBuild? []string
  Shell? []string
}
v1.DockerOCIImageConfig {
  ...v1.ImageConfig
  ...v1.DockerOCIImageConfigExt
}
image.RootFS {
  Type? string
  Layers? []string
}
image.Metadata {
  LastTagTime? time.Time
}
image.ManifestSummary {
  ID string
  Descriptor v1.Descriptor
  Available bool
  Kind string
}
image.InspectResponse {
  ID=Id string
  RepoTags []string
  RepoDigests []string
  Comment? string
  Created? string
  Author? string
  Config *v1.DockerOCIImageConfig
  Architecture string
  Variant? string
  Os string
  OsVersion? string
  Size int64
  GraphDriver? *storage.DriverData
  RootFS image.RootFS
  Metadata image.Metadata
  Descriptor? *v1.Descriptor
  Manifests? []image.ManifestSummary
}
`
