/**
 * The types of the document of `buildx imagetools inspect`, for an image of one platform and for
 * several.
 *
 * @see https://pkg.go.dev/github.com/docker/buildx/util/imagetools
 */
export const remoteImageTypes = `
imagetools.manifest {
  SchemaVersion=schemaVersion? int
  MediaType=mediaType? string
  Digest=digest digest.Digest
  Size=size int64
  Manifests=manifests? []v1.Descriptor
  Annotations=annotations? map[string]string
}
v1.RootFS {
  Type=type string
  DiffIDs=diff_ids []string
}
v1.History {
  Created=created? string
  CreatedBy=created_by? string
  Author=author? string
  Comment=comment? string
  EmptyLayer=empty_layer? bool
}
v1.Image {
  Created=created? string
  Author=author? string
  Architecture=architecture string
  OS=os string
  OSVersion=os.version? string
  OSFeatures=os.features? []string
  Variant=variant? string
  Config=config? v1.ImageConfig
  RootFS=rootfs v1.RootFS
  History=history? []v1.History
}
imagetools.sbomStub {
  SPDX? any
  AdditionalSPDXs? []any
}
imagetools.provenanceStub {
  SLSA? any
}
imagetools.tplInput {
  Name=name? string
  Manifest=manifest? imagetools.manifest
  Image=image? *v1.Image
  SBOM imagetools.sbomStub
  Provenance imagetools.provenanceStub
}
imagetools.tplInputs {
  Name=name? string
  Manifest=manifest? imagetools.manifest
  Image=image? map[string]*v1.Image
  SBOM map[string]imagetools.sbomStub
  Provenance map[string]imagetools.provenanceStub
}
`
