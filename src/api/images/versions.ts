import type { InspectDocument } from '#docker/documents/document'
import type { ApiVersion } from '../call.ts'

/** An image of a list as clients of a version know it. */
export function listedInVersion(document: InspectDocument, version: ApiVersion): InspectDocument {
  const { Descriptor, ...rest } = document
  return {
    ...rest,
    ...(version < 44 ? { VirtualSize: document['Size'] } : {}),
    ...(version < 48 ? {} : { Descriptor }),
  }
}

/**
 * The document of an image as clients of a version know it: version 1.52 left out what an image
 * does not have. Earlier ones showed it as null or as an empty text.
 */
export function imageInVersion(document: InspectDocument, version: ApiVersion): InspectDocument {
  const { Descriptor, DockerVersion, GraphDriver, Parent, ...rest } = document
  const config = document['Config'] as InspectDocument
  if (version >= 52) {
    const { Author, ...members } = rest
    return { ...members, ...(Author === '' ? {} : { Author }), Descriptor }
  }
  return {
    ...rest,
    DockerVersion,
    GraphDriver,
    Parent,
    Config: {
      ...(version < 50 ? absentBefore50 : {}),
      ...absentBefore52,
      ...config,
    },
    ...(version < 44 ? { VirtualSize: document['Size'] } : {}),
    ...(version < 45 ? { Container: '', ContainerConfig: null } : {}),
    ...(version < 48 ? {} : { Descriptor }),
  }
}

const absentBefore52: InspectDocument = {
  Entrypoint: null,
  Env: null,
  Cmd: null,
  Labels: null,
  OnBuild: null,
  User: '',
  Volumes: null,
  WorkingDir: '',
}

const absentBefore50: InspectDocument = {
  AttachStderr: false,
  AttachStdin: false,
  AttachStdout: false,
  Domainname: '',
  Hostname: '',
  Image: '',
  OpenStdin: false,
  StdinOnce: false,
  Tty: false,
}
