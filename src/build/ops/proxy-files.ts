import { makeDirectoriesWithMode, writeFileWithMode } from '#platform'
import type { RootMount } from '#runtime'
import type { StepNetwork } from '../step/workspace.ts'

/** The directory of the proxy's certificate, in the tmpfs of `/dev`. */
const place = '/dev/strake'

/** Variables by which programs find certificates of authorities. */
const variables = [
  'SSL_CERT_FILE',
  'SSL_CA_CERT_FILE',
  'CURL_CA_BUNDLE',
  'REQUESTS_CA_BUNDLE',
  'PIP_CERT',
  'NODE_EXTRA_CA_CERTS',
  'GIT_SSL_CAINFO',
  'CARGO_HTTP_CAINFO',
  'AWS_CA_BUNDLE',
]

/** The mount and the variables of a step whose only network is a proxy. No layer has them. */
export function openProxyFiles(
  { proxy }: StepNetwork,
  directory: string,
): { readonly mounts: readonly RootMount[]; readonly env: readonly string[] } {
  if (proxy === undefined) return { mounts: [], env: [] }
  const source = `${directory}/proxy`
  makeDirectoriesWithMode(source, 0o755)
  const cert = `${place}/ca.pem`
  writeFileWithMode(`${source}/ca.pem`, proxy.cert, 0o644)
  // These programs read no variable with the path of a certificate.
  writeFileWithMode(`${source}/apt.conf`, `Acquire::https::CaInfo "${cert}";\n`, 0o644)
  writeFileWithMode(`${source}/wgetrc`, `ca_certificate=${cert}\n`, 0o644)
  return {
    mounts: [{ type: 'bind', source, destination: place, point: 'directory', readOnly: true }],
    env: [
      ...proxy.env,
      ...variables.map((name) => `${name}=${cert}`),
      `APT_CONFIG=${place}/apt.conf`,
      `WGETRC=${place}/wgetrc`,
    ],
  }
}
