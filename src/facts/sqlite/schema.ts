/**
 * The tables of a registry's facts. Times are milliseconds since 1970. A kind is 0 for a blob and 1
 * for a manifest. An ID of a repository is never used again, so that a late write cannot reach a
 * repository that was made anew.
 */
export const steps: readonly string[] = [
  `CREATE TABLE repositories (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     name TEXT NOT NULL UNIQUE,
     created_at INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE members (
     repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
     kind INTEGER NOT NULL,
     digest TEXT NOT NULL,
     media_type TEXT NOT NULL,
     size INTEGER NOT NULL,
     -- JSON of the artifact type and the annotations of a manifest with a subject
     described TEXT,
     subject TEXT,
     added_at INTEGER NOT NULL,
     pulled_at INTEGER,
     added_by TEXT,
     -- since when nothing holds it: no tag, no manifest that names it, no subject that is there
     free_since INTEGER,
     PRIMARY KEY (repository, kind, digest)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX free_members ON members (kind, free_since) WHERE free_since IS NOT NULL;
   CREATE INDEX members_by_digest ON members (digest);
   CREATE INDEX members_by_subject ON members (repository, subject, digest) WHERE subject IS NOT NULL;
   -- what manifests name: their config, layers and manifests
   CREATE TABLE named (
     repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
     manifest TEXT NOT NULL,
     digest TEXT NOT NULL,
     PRIMARY KEY (repository, manifest, digest)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX named_by_digest ON named (repository, digest);
   CREATE TABLE tags (
     repository INTEGER NOT NULL REFERENCES repositories ON DELETE CASCADE,
     name TEXT NOT NULL,
     digest TEXT NOT NULL,
     moved_at INTEGER NOT NULL,
     moved_by TEXT,
     pulled_at INTEGER,
     PRIMARY KEY (repository, name)
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX tags_by_digest ON tags (repository, digest);
   -- by name, because the log of a tag stays when its repository is gone
   CREATE TABLE tag_moves (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     repository TEXT NOT NULL,
     tag TEXT NOT NULL,
     digest TEXT,
     previous TEXT,
     -- of the manifest that the tag got or lost
     media_type TEXT,
     size INTEGER,
     moved_at INTEGER NOT NULL,
     moved_by TEXT
   ) STRICT;
   CREATE INDEX tag_moves_by_tag ON tag_moves (repository, tag, id);
   -- the bytes of members: of a repository ("r/NAME"), and those that a sender added ("s/NAME")
   CREATE TABLE usage (scope TEXT PRIMARY KEY, bytes INTEGER NOT NULL) STRICT, WITHOUT ROWID;
   -- content that the last repository has dropped
   CREATE TABLE unheld (digest TEXT PRIMARY KEY, since INTEGER NOT NULL) STRICT, WITHOUT ROWID;
   CREATE INDEX unheld_by_time ON unheld (since);`,
]
