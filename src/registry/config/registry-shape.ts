import { actions, type ClaimSubject, type Rule, type Subject } from '../policy/rule.ts'
import type {
  AccessConfig,
  AuthConfig,
  BucketConfig,
  DatabaseConfig,
  LdapConfig,
  LimitsConfig,
  ListenConfig,
  LogConfig,
  MtlsConfig,
  OidcConfig,
  RegistryConfig,
  SessionsConfig,
  StorageConfig,
  TlsConfig,
  TokensConfig,
} from './config.ts'
import { contentKeys, repositoryGlob } from './content-shape.ts'
import { observeKeys } from './observe-shape.ts'
import {
  choice,
  duration,
  either,
  filledList,
  flag,
  httpUrl,
  list,
  map,
  path,
  pathOr,
  type Shape,
  section,
  simpleName,
  size,
  text,
  whole,
} from './shape.ts'

const url = httpUrl('https://example.com')
const log = pathOr('stderr')

const network =
  /^(?:\d{1,3}(?:\.\d{1,3}){3}(?:\/(?:[12]?\d|3[0-2]))?|[0-9a-fA-F:]*:[0-9a-fA-F:]*(?:\/(?:\d{1,2}|1[01]\d|12[0-8]))?)$/

const listen: Shape<ListenConfig> = section({
  host: { shape: text('an address or a host name'), about: 'The address to listen on.' },
  port: { shape: whole(0, 65_535), about: 'The port to listen on; 0 for any free one.' },
  url: {
    shape: url,
    about: 'The address by which clients reach this server, if a proxy in front of it has TLS.',
  },
  allowHosts: { shape: list(text('a host name')), about: 'Further host names of this server.' },
  trustedProxies: {
    shape: list(text('an address or a network such as 10.0.0.0/8', network)),
    about: 'Reverse proxies whose X-Forwarded-For tells the address of the client.',
  },
})

const tls: Shape<TlsConfig> = section({
  cert: { shape: path, isRequired: true, about: 'The certificate and its chain, as PEM.' },
  key: { shape: path, isRequired: true, about: 'The private key of the certificate, as PEM.' },
  clientCa: {
    shape: path,
    about: 'Accepts only clients with a certificate of these authorities, as PEM.',
  },
  clientAuth: {
    shape: choice('required', 'optional'),
    about: 'With optional, clients without a certificate are served too. Default: required.',
  },
})

const bucket: Shape<BucketConfig> = section({
  name: {
    shape: text('the name of a bucket', /^[A-Za-z0-9][A-Za-z0-9._-]{1,62}$/),
    isRequired: true,
    about: 'The bucket.',
  },
  region: {
    shape: text('a region such as eu-west-1', /^[a-z0-9-]{1,40}$/),
    isRequired: true,
    about: 'Its region.',
  },
  endpoint: { shape: url, about: 'The address of the service. Default: that of Amazon.' },
  pathStyle: { shape: flag, about: 'The bucket is in the path of URLs instead of in the host.' },
  credentialsFile: {
    shape: path,
    about:
      'Two lines: the key ID and the secret key. Default: AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.',
  },
  redirect: {
    shape: flag,
    about: 'Sends clients to the bucket for blobs, by URLs for 20 minutes.',
  },
})

const database: Shape<DatabaseConfig> = section({
  url: {
    shape: text('a URL such as postgres://user@host/database', /^postgres(?:ql)?:\/\/[^\s]+$/),
    about: 'The database. With a password in it, use urlFile instead.',
  },
  urlFile: { shape: path, about: 'A file with the URL. Default: STRAKE_REGISTRY_DATABASE.' },
  connections: { shape: whole(1, 1000), about: 'The most connections. Default: 10.' },
})

const storage: Shape<StorageConfig> = section({
  directory: {
    shape: path,
    about: 'Where repositories are stored; without it, in the image store.',
  },
  bucket: { shape: bucket, about: 'Stores content in a bucket of S3; needs a database.' },
  database: { shape: database, about: 'Stores facts in PostgreSQL; needs a bucket.' },
  readOnly: { shape: flag, about: 'Refuses pushes and deletes.' },
  sparse: { shape: flag, about: 'Accepts indexes and images with missing parts.' },
})

const tokens: Shape<TokensConfig> = section({
  lifetime: { shape: duration, about: 'How long an access token is valid. Default: 5m.' },
  refreshLifetime: {
    shape: duration,
    about: 'How long a client stays logged in without its password. Default: 90d.',
  },
  key: {
    shape: path,
    about: 'The key that signs access tokens. Made at the first start if it is absent.',
  },
  service: { shape: simpleName, about: 'The name of this registry in tokens. Default: strake.' },
  challenge: {
    shape: choice('bearer', 'basic'),
    about:
      'How clients are asked to log in: by the token service, or by password. Default: bearer.',
  },
})

const sessions: Shape<SessionsConfig> = section({
  idle: { shape: duration, about: 'Ends a session that is not used for this long. Default: 12h.' },
  lifetime: { shape: duration, about: 'Ends every session after this time. Default: 7d.' },
})

const oidc: Shape<OidcConfig> = section({
  name: { shape: simpleName, isRequired: true, about: 'The name of the issuer in rules and logs.' },
  issuer: { shape: url, isRequired: true, about: 'The URL of the issuer, as in its tokens.' },
  audience: {
    shape: text('the audience of the tokens'),
    isRequired: true,
    about: 'The audience that a token must be made for.',
  },
  require: {
    shape: map('names of claims', /^[^\0]{1,100}$/, text('a text, in which * stands for any text')),
    about: 'Claims that every accepted token must have.',
  },
  groups: { shape: text('the name of a claim'), about: 'The claim with the groups of a sender.' },
})

const ldap: Shape<LdapConfig> = section({
  url: {
    shape: text('a URL such as ldaps://ldap.example.com', /^ldaps?:\/\/[^\s/@]+\/?$/),
    isRequired: true,
    about: 'The directory server.',
  },
  baseDn: { shape: text('a DN'), isRequired: true, about: 'The entry below which users are.' },
  bindDn: { shape: text('a DN'), about: 'The account that finds users; without it, anonymous.' },
  bindPasswordFile: { shape: path, about: 'A file with the password of that account.' },
  userAttribute: {
    shape: text('the name of an attribute', /^[A-Za-z][A-Za-z0-9-]*$/),
    about: 'The attribute with the name that users type. Default: uid.',
  },
  userFilter: {
    shape: text('a filter of LDAP', /^\(.+\)$/),
    about: 'A further condition on users.',
  },
  groupAttribute: {
    shape: text('the name of an attribute', /^[A-Za-z][A-Za-z0-9-]*$/),
    about: 'The attribute of a user with the DNs of groups. Default: memberOf.',
  },
  startTls: { shape: flag, about: 'Encrypts a connection to ldap:// before the first password.' },
  ca: { shape: path, about: 'The authorities of the server certificate, as PEM.' },
  insecure: { shape: flag, about: 'Sends passwords to another machine without encryption.' },
})

const mtls: Shape<MtlsConfig> = section({
  identity: {
    shape: choice('cn', 'email', 'dns', 'uri'),
    isRequired: true,
    about: 'The field of a client certificate with the name of the user.',
  },
  pattern: {
    shape: text('a regular expression'),
    about: 'What the field must match as a whole; the first group is the name.',
  },
})

const auth: Shape<AuthConfig> = section({
  directory: {
    shape: path,
    about: 'Where users, tokens and the signing key are. Default: registry-auth in the storage.',
  },
  htpasswd: { shape: path, about: 'The file of users and bcrypt hashes.' },
  tokens: { shape: tokens, about: 'The token service of this registry.' },
  sessions: { shape: sessions, about: 'How long browsers stay signed in to the page.' },
  oidc: {
    shape: list(oidc),
    about: 'Issuers whose tokens are accepted, such as those of CI jobs.',
  },
  ldap: { shape: ldap, about: 'A directory server that knows users and passwords.' },
  mtls: { shape: mtls, about: 'Client certificates as users; needs tls.clientCa.' },
})

const claims: Shape<ClaimSubject> = section({
  issuer: { shape: simpleName, isRequired: true, about: 'The name of an issuer of auth.oidc.' },
  claims: {
    shape: map('names of claims', /^[^\0]{1,100}$/, text('a text, in which * stands for any text')),
    isRequired: true,
    about: 'Claims that the token must have.',
  },
})

const subject = either<Subject>(
  text(
    'user:NAME, group:NAME, robot:NAME, anonymous, authenticated or everyone',
    /^(?:anonymous|authenticated|everyone|(?:user|group|robot):[^\s:][^\0\n]{0,254})$/,
  ),
  claims,
)

const rule: Shape<Rule> = section({
  name: { shape: text('a name'), about: 'The name of the rule in answers and logs.' },
  repositories: {
    shape: filledList(repositoryGlob),
    isRequired: true,
    about: 'The repositories that the rule is about.',
  },
  subjects: {
    shape: filledList(subject),
    isRequired: true,
    about: 'The senders that it is about.',
  },
  actions: {
    shape: filledList(choice(...actions)),
    isRequired: true,
    about: 'What they may do there. They may do nothing else there.',
  },
})

const access: Shape<AccessConfig> = section({
  groups: {
    shape: map('names of groups', /^[^\0\n]{1,100}$/, list(text('the name of a user'))),
    about: 'Groups of users of this registry.',
  },
  rules: {
    shape: list(rule),
    about: 'The first rule with the repository and the sender decides. Without one: refused.',
  },
})

const limits: Shape<LimitsConfig> = section({
  blobSize: { shape: size, about: 'The most bytes of one blob. Default: no limit.' },
  uploads: { shape: whole(1, 1_000_000), about: 'The most uploads at a time. Default: 1000.' },
  uploadsPerClient: {
    shape: whole(1, 1_000_000),
    about: 'The most uploads of one client at a time. Default: 500.',
  },
  uploadLifetime: { shape: duration, about: 'How long an idle upload is kept. Default: 24h.' },
  requestsPerSecond: {
    shape: whole(1, 1_000_000),
    about: 'The most requests per second of one user and of one address. Default: no limit.',
  },
  burst: {
    shape: whole(1, 10_000_000),
    about: 'How many requests may come at once. Default: ten seconds of the rate.',
  },
  bodySilence: {
    shape: duration,
    about: 'How long a body may pause before the request is ended. Default: 60s.',
  },
  connectionIdle: {
    shape: duration,
    about: 'How long a connection may be silent between requests, 30s to 255s. Default: 255s.',
  },
})

const logs: Shape<LogConfig> = section({
  access: { shape: log, about: 'A line of JSON for every request.' },
  audit: { shape: log, about: 'A line of JSON for every push, pull, delete, login and refusal.' },
})

/** The whole file. */
export const registryShape: Shape<RegistryConfig> = section({
  listen: { shape: listen, about: 'Where the server listens.' },
  tls: { shape: tls, about: 'Certificates, which are read again when they change.' },
  storage: { shape: storage, about: 'Where content is stored.' },
  auth: { shape: auth, about: 'Who senders are.' },
  access: { shape: access, about: 'What senders may do.' },
  limits: { shape: limits, about: 'How much senders may use.' },
  ...contentKeys,
  ...observeKeys,
  log: { shape: logs, about: 'What is written down.' },
})
