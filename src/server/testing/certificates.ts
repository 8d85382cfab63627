import { writeFileSync } from 'node:fs'

/** True if certificates can be made for tests. */
export const canCertify: boolean = Bun.which('openssl') !== null

export interface CertificateFiles {
  readonly cert: string
  readonly key: string
}

const curve = ['-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']

/** Makes an authority in a directory. */
export function makeAuthority(directory: string, name = 'authority'): CertificateFiles {
  const made = filesOf(directory, name)
  run(
    'req',
    '-x509',
    '-newkey',
    'ec',
    ...curve,
    '-keyout',
    made.key,
    '-out',
    made.cert,
    '-subj',
    `/CN=${name}`,
  )
  return made
}

/** Makes a certificate that an authority signs. `names` is a list as OpenSSL writes it. */
export function makeCertificate(
  directory: string,
  authority: CertificateFiles,
  options: { readonly name: string; readonly subject: string; readonly names?: string },
): CertificateFiles {
  const { name, subject, names } = options
  const made = filesOf(directory, name)
  const request = `${directory}/${name}.csr`
  const extensions = `${directory}/${name}.ext`
  writeFileSync(extensions, names === undefined ? '' : `subjectAltName=${names}\n`)
  run(
    'req',
    '-newkey',
    'ec',
    ...curve.slice(0, 3),
    '-keyout',
    made.key,
    '-out',
    request,
    '-subj',
    subject,
  )
  const signed = ['-CA', authority.cert, '-CAkey', authority.key, '-CAcreateserial', '-days', '2']
  run('x509', '-req', '-in', request, ...signed, '-extfile', extensions, '-out', made.cert)
  return made
}

function filesOf(directory: string, name: string): CertificateFiles {
  return { cert: `${directory}/${name}.pem`, key: `${directory}/${name}.key` }
}

function run(...args: readonly string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(['openssl', ...args])
  if (exitCode !== 0) throw new Error(stderr.toString())
}
