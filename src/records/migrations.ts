/**
 * The history of the schema: step n brings schema n-1 to schema n. A step that was released is
 * never edited; a change is a new step at the end.
 *
 * Times are milliseconds since 1970, sizes bytes, digests `algorithm:hex`, documents JSON.
 */
export const migrations: readonly string[] = [
  `
  CREATE TABLE tags (
    name TEXT PRIMARY KEY, digest TEXT NOT NULL, media_type TEXT NOT NULL, size INTEGER NOT NULL,
    updated_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX tags_by_digest ON tags (digest);
  CREATE TABLE tag_moves (
    id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, at INTEGER NOT NULL, by TEXT NOT NULL,
    digest TEXT, media_type TEXT, size INTEGER,
    previous_digest TEXT, previous_media_type TEXT, previous_size INTEGER
  ) STRICT;
  CREATE INDEX tag_moves_by_name ON tag_moves (name, id);

  CREATE TABLE images (
    digest TEXT PRIMARY KEY, media_type TEXT NOT NULL, size INTEGER NOT NULL, image_id TEXT NOT NULL,
    platform TEXT NOT NULL, created_at INTEGER, total_size INTEGER NOT NULL, added_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX images_by_id ON images (image_id);

  CREATE TABLE layers (
    digest TEXT PRIMARY KEY, diff_id TEXT NOT NULL, media_type TEXT NOT NULL, size INTEGER NOT NULL,
    tar_size INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX layers_by_diff_id ON layers (diff_id);

  CREATE TABLE leases (
    id TEXT PRIMARY KEY, purpose TEXT NOT NULL, pid INTEGER NOT NULL, start_time TEXT NOT NULL,
    boot_id TEXT NOT NULL, acquired_at INTEGER NOT NULL, expires_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE lease_holds (
    digest TEXT NOT NULL, lease TEXT NOT NULL REFERENCES leases (id) ON DELETE CASCADE,
    PRIMARY KEY (digest, lease)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX lease_holds_by_lease ON lease_holds (lease);

  CREATE TABLE cache (
    key TEXT PRIMARY KEY, value TEXT NOT NULL, size INTEGER NOT NULL,
    created_at INTEGER NOT NULL, last_used_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX cache_by_use ON cache (last_used_at);
  CREATE TABLE cache_inputs (
    definition TEXT PRIMARY KEY, inputs TEXT NOT NULL, at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE file_roots (id INTEGER PRIMARY KEY, path TEXT NOT NULL UNIQUE, used_at INTEGER NOT NULL) STRICT;
  CREATE TABLE files (
    root INTEGER NOT NULL REFERENCES file_roots (id) ON DELETE CASCADE, path TEXT NOT NULL,
    stamp TEXT NOT NULL, digest TEXT NOT NULL, PRIMARY KEY (root, path)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE containers (
    id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, image TEXT, created_at INTEGER NOT NULL,
    config TEXT NOT NULL, state TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE addresses (
    network TEXT NOT NULL, address TEXT NOT NULL, container TEXT NOT NULL, pid INTEGER NOT NULL,
    start_time TEXT NOT NULL, boot_id TEXT NOT NULL, PRIMARY KEY (network, address)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX addresses_by_container ON addresses (container);
  CREATE TABLE address_cursors (network TEXT PRIMARY KEY, last INTEGER NOT NULL) STRICT, WITHOUT ROWID;
  CREATE TRIGGER addresses_of_removed_container AFTER DELETE ON containers BEGIN
    DELETE FROM addresses WHERE container = old.id;
  END;

  CREATE TABLE sources (
    digest TEXT NOT NULL, registry TEXT NOT NULL, repository TEXT NOT NULL, seen_at INTEGER NOT NULL,
    PRIMARY KEY (digest, registry, repository)
  ) STRICT, WITHOUT ROWID;
  `,
  // For blobs that were compressed here: the compressor, and the pieces of the blob.
  `
  ALTER TABLE layers ADD COLUMN compressor TEXT;
  ALTER TABLE layers ADD COLUMN members BLOB;
  CREATE INDEX layers_by_compressor ON layers (compressor) WHERE compressor IS NOT NULL;
  `,
  // Compressed layers that were deleted and can be restored.
  `
  CREATE TABLE dropped (digest TEXT PRIMARY KEY, diff_id TEXT NOT NULL) STRICT, WITHOUT ROWID;
  `,
  // The digests of files that builds remember moved to separate files.
  `
  DROP TABLE files;
  DROP TABLE file_roots;
  `,
  // An empty database was created for a store that already had content.
  `
  CREATE TABLE loss (
    id INTEGER PRIMARY KEY CHECK (id = 1), at INTEGER NOT NULL, set_aside TEXT,
    is_restored INTEGER NOT NULL
  ) STRICT;
  `,
  // Leases that keep only the content they name.
  `
  ALTER TABLE leases ADD COLUMN is_exact INTEGER NOT NULL DEFAULT 0;
  `,
  // Volumes with labels and options.
  `
  CREATE TABLE volumes (
    name TEXT PRIMARY KEY, created_at INTEGER NOT NULL, labels TEXT NOT NULL, options TEXT NOT NULL,
    is_anonymous INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  // Networks that users create.
  `
  CREATE TABLE networks (
    name TEXT PRIMARY KEY, created_at INTEGER NOT NULL, driver TEXT NOT NULL, subnet TEXT, gateway TEXT,
    labels TEXT NOT NULL, options TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  // Events.
  `
  CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, type TEXT NOT NULL,
    action TEXT NOT NULL, actor TEXT NOT NULL, attributes TEXT NOT NULL
  ) STRICT;
  `,
  // Images of several platforms under one name.
  `
  CREATE TABLE indexes (
    digest TEXT PRIMARY KEY, media_type TEXT NOT NULL, size INTEGER NOT NULL, added_at INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE index_images (
    index_digest TEXT NOT NULL, position INTEGER NOT NULL, image TEXT NOT NULL,
    PRIMARY KEY (index_digest, position)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX index_images_by_image ON index_images (image);
  `,
  // No released version wrote the old table of networks.
  `
  DROP TABLE networks;
  CREATE TABLE networks (
    name TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, created_at INTEGER NOT NULL, driver TEXT NOT NULL,
    subnet TEXT NOT NULL, gateway TEXT NOT NULL, ip_range TEXT, auxiliary TEXT NOT NULL,
    is_internal INTEGER NOT NULL, labels TEXT NOT NULL, options TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  `,
  // Facts about inputs are removed by age.
  `
  CREATE INDEX cache_inputs_by_age ON cache_inputs (at);
  `,
  // Networks with IPv6, and networks without IPv4.
  `
  CREATE TABLE networks_of_two_families (
    name TEXT PRIMARY KEY, id TEXT NOT NULL UNIQUE, created_at INTEGER NOT NULL, driver TEXT NOT NULL,
    ipv4 TEXT, ipv6 TEXT, auxiliary TEXT NOT NULL, is_internal INTEGER NOT NULL, labels TEXT NOT NULL,
    options TEXT NOT NULL, traits TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  INSERT INTO networks_of_two_families
    SELECT name, id, created_at, driver,
      json_object('subnet', subnet, 'gateway', gateway, 'ipRange', ip_range), NULL, auxiliary,
      is_internal, labels, options, '{}'
    FROM networks;
  DROP TABLE networks;
  ALTER TABLE networks_of_two_families RENAME TO networks;
  `,
]
