import { failureTable } from './auth/failures.ts'
import { keyTable } from './auth/keys.ts'
import { sessionTokens, tokenTable } from './auth/tokens.ts'
import { userTable } from './auth/users.ts'
import { conditionalChanges } from './conditional-changes.ts'
import { contentQueue } from './content-queue.ts'
import { lateChanges } from './in-time.ts'
import { objectTables } from './object-index.ts'
import { letterTable } from './outbox.ts'

/**
 * The tables and functions of a registry's facts in PostgreSQL; see `sqlite/schema.ts` for their
 * meaning. Every change is one call of a function, so it costs one round trip and cannot be left
 * half done. A function that changes a repository locks its row first, so that the changes of one
 * repository are one after another.
 *
 * A step adds tables, columns with defaults and functions, and never removes what an earlier version
 * calls, so replicas of two versions may run at the same time.
 */
export const steps: readonly string[] = [
  `CREATE TABLE strake_repositories (
     id bigserial PRIMARY KEY,
     name text COLLATE "C" NOT NULL UNIQUE,
     created_at bigint NOT NULL
   );
   CREATE TABLE strake_members (
     repository bigint NOT NULL REFERENCES strake_repositories ON DELETE CASCADE,
     kind smallint NOT NULL,
     digest text COLLATE "C" NOT NULL,
     media_type text NOT NULL,
     size bigint NOT NULL,
     described text,
     subject text COLLATE "C",
     added_at bigint NOT NULL,
     added_by text,
     pulled_at bigint,
     free_since bigint,
     PRIMARY KEY (repository, kind, digest)
   );
   CREATE INDEX strake_free_members ON strake_members (kind, free_since) WHERE free_since IS NOT NULL;
   CREATE INDEX strake_members_by_digest ON strake_members (digest);
   CREATE INDEX strake_members_by_subject ON strake_members (repository, subject, digest)
     WHERE subject IS NOT NULL;
   CREATE TABLE strake_named (
     repository bigint NOT NULL REFERENCES strake_repositories ON DELETE CASCADE,
     manifest text COLLATE "C" NOT NULL,
     digest text COLLATE "C" NOT NULL,
     PRIMARY KEY (repository, manifest, digest)
   );
   CREATE INDEX strake_named_by_digest ON strake_named (repository, digest);
   CREATE TABLE strake_tags (
     repository bigint NOT NULL REFERENCES strake_repositories ON DELETE CASCADE,
     name text COLLATE "C" NOT NULL,
     digest text COLLATE "C" NOT NULL,
     moved_at bigint NOT NULL,
     moved_by text,
     pulled_at bigint,
     PRIMARY KEY (repository, name)
   );
   CREATE INDEX strake_tags_by_digest ON strake_tags (repository, digest);
   CREATE TABLE strake_tag_moves (
     id bigserial PRIMARY KEY,
     repository text COLLATE "C" NOT NULL,
     tag text COLLATE "C" NOT NULL,
     digest text,
     previous text,
     media_type text,
     size bigint,
     moved_at bigint NOT NULL,
     moved_by text
   );
   CREATE INDEX strake_tag_moves_by_tag ON strake_tag_moves (repository, tag, id);
   CREATE TABLE strake_usage (scope text COLLATE "C" PRIMARY KEY, bytes bigint NOT NULL);
   CREATE TABLE strake_unheld (digest text COLLATE "C" PRIMARY KEY, since bigint NOT NULL);
   CREATE INDEX strake_unheld_by_time ON strake_unheld (since);
   CREATE TABLE strake_uploads (
     id text PRIMARY KEY,
     document text NOT NULL,
     used_at bigint NOT NULL
   );

   CREATE FUNCTION strake_enter(name_ text, at_ bigint) RETURNS bigint LANGUAGE plpgsql AS $$
   DECLARE id_ bigint;
   BEGIN
     SELECT id INTO id_ FROM strake_repositories WHERE name = name_ FOR UPDATE;
     IF id_ IS NULL THEN
       INSERT INTO strake_repositories (name, created_at) VALUES (name_, at_)
         ON CONFLICT DO NOTHING;
       SELECT id INTO id_ FROM strake_repositories WHERE name = name_ FOR UPDATE;
     END IF;
     RETURN id_;
   END $$;

   CREATE FUNCTION strake_count(scope_ text, bytes_ bigint) RETURNS void LANGUAGE sql AS $$
     INSERT INTO strake_usage VALUES (scope_, bytes_)
       ON CONFLICT (scope) DO UPDATE SET bytes = strake_usage.bytes + excluded.bytes
   $$;

   CREATE FUNCTION strake_free_unless_held(id_ bigint, digest_ text, at_ bigint) RETURNS void
   LANGUAGE sql AS $$
     UPDATE strake_members m SET free_since = coalesce(free_since, at_)
     WHERE repository = id_ AND digest = digest_
       AND NOT EXISTS (SELECT 1 FROM strake_named n WHERE n.repository = id_ AND n.digest = digest_)
       AND NOT EXISTS (SELECT 1 FROM strake_tags t
                       WHERE m.kind = 1 AND t.repository = id_ AND t.digest = digest_)
       AND NOT EXISTS (SELECT 1 FROM strake_members s
                       WHERE s.repository = id_ AND s.kind = 1 AND s.digest = m.subject)
   $$;

   CREATE FUNCTION strake_note_unheld(digest_ text, at_ bigint) RETURNS void LANGUAGE sql AS $$
     INSERT INTO strake_unheld SELECT digest_, at_
       WHERE NOT EXISTS (SELECT 1 FROM strake_members WHERE digest = digest_)
       ON CONFLICT DO NOTHING
   $$;

   CREATE FUNCTION strake_used(prefix_ text) RETURNS bigint LANGUAGE sql STABLE AS $$
     SELECT coalesce(sum(bytes), 0)::bigint FROM strake_usage
     WHERE scope = prefix_ OR (scope > prefix_ || '/' AND scope < prefix_ || '0')
   $$;

   -- Quotas: a scope, its bytes and its name, each in an array. Returns the name of one that is full.
   CREATE FUNCTION strake_add_member(
     name_ text, kind_ smallint, digest_ text, type_ text, size_ bigint, described_ text,
     subject_ text, by_ text, at_ bigint, names_ text[],
     scopes_ text[], limits_ text[], quotas_ text[]
   ) RETURNS text LANGUAGE plpgsql AS $$
   DECLARE id_ bigint; is_new boolean; used_ bigint;
   BEGIN
     id_ := strake_enter(name_, at_);
     UPDATE strake_members SET media_type = type_, size = size_, described = described_,
         subject = subject_, added_at = at_
       WHERE repository = id_ AND kind = kind_ AND digest = digest_;
     is_new := NOT FOUND;
     IF is_new THEN
       INSERT INTO strake_members
         (repository, kind, digest, media_type, size, described, subject, added_at, added_by)
         VALUES (id_, kind_, digest_, type_, size_, described_, subject_, at_, by_);
       PERFORM strake_count('r/' || name_, size_);
       IF by_ IS NOT NULL THEN PERFORM strake_count('s/' || by_, size_); END IF;
     END IF;
     INSERT INTO strake_named SELECT id_, digest_, unnest(names_) ON CONFLICT DO NOTHING;
     UPDATE strake_members SET free_since = NULL
       WHERE repository = id_ AND digest = ANY (names_) AND free_since IS NOT NULL;
     IF kind_ = 1 THEN
       UPDATE strake_members SET free_since = NULL
         WHERE repository = id_ AND subject = digest_ AND free_since IS NOT NULL;
     END IF;
     PERFORM strake_free_unless_held(id_, digest_, at_);
     IF is_new THEN
       FOR n IN 1 .. coalesce(array_length(scopes_, 1), 0) LOOP
         used_ := strake_used(scopes_[n]);
         IF used_ > limits_[n]::bigint THEN
           RAISE EXCEPTION USING ERRCODE = 'SK001',
             MESSAGE = quotas_[n] || ' is ' || limits_[n] || ' bytes, and ' || (used_ - size_)
               || ' are used';
         END IF;
       END LOOP;
     END IF;
     RETURN NULL;
   END $$;

   CREATE FUNCTION strake_drop_member(
     id_ bigint, name_ text, kind_ smallint, digest_ text, at_ bigint
   ) RETURNS void LANGUAGE plpgsql AS $$
   DECLARE size_ bigint; by_ text; other_ text;
   BEGIN
     DELETE FROM strake_members WHERE repository = id_ AND kind = kind_ AND digest = digest_
       RETURNING size, added_by INTO size_, by_;
     IF size_ IS NULL THEN RETURN; END IF;
     PERFORM strake_count('r/' || name_, -size_);
     IF by_ IS NOT NULL THEN PERFORM strake_count('s/' || by_, -size_); END IF;
     IF kind_ = 1 THEN
       FOR other_ IN DELETE FROM strake_named WHERE repository = id_ AND manifest = digest_
         RETURNING digest LOOP
         PERFORM strake_free_unless_held(id_, other_, at_);
       END LOOP;
       FOR other_ IN SELECT digest FROM strake_members
         WHERE repository = id_ AND subject = digest_ LOOP
         PERFORM strake_free_unless_held(id_, other_, at_);
       END LOOP;
     END IF;
     PERFORM strake_note_unheld(digest_, at_);
   END $$;

   CREATE FUNCTION strake_move_tag(
     name_ text, tag_ text, digest_ text, by_ text, only_new boolean, at_ bigint
   ) RETURNS boolean LANGUAGE plpgsql AS $$
   DECLARE id_ bigint; previous_ text;
   BEGIN
     IF digest_ IS NULL THEN
       SELECT id INTO id_ FROM strake_repositories WHERE name = name_ FOR UPDATE;
       IF id_ IS NULL THEN RETURN true; END IF;
     ELSE
       id_ := strake_enter(name_, at_);
     END IF;
     SELECT digest INTO previous_ FROM strake_tags WHERE repository = id_ AND name = tag_;
     IF previous_ IS NOT DISTINCT FROM digest_ THEN RETURN true; END IF;
     IF only_new AND previous_ IS NOT NULL THEN RETURN false; END IF;
     IF digest_ IS NULL THEN
       DELETE FROM strake_tags WHERE repository = id_ AND name = tag_;
     ELSE
       INSERT INTO strake_tags (repository, name, digest, moved_at, moved_by)
         VALUES (id_, tag_, digest_, at_, by_)
         ON CONFLICT (repository, name) DO UPDATE SET digest = excluded.digest,
           moved_at = excluded.moved_at, moved_by = excluded.moved_by;
       UPDATE strake_members SET free_since = NULL
         WHERE repository = id_ AND kind = 1 AND digest = digest_ AND free_since IS NOT NULL;
     END IF;
     INSERT INTO strake_tag_moves
         (repository, tag, digest, previous, moved_at, moved_by, media_type, size)
       SELECT name_, tag_, digest_, previous_, at_, by_, max(media_type), max(size)
       FROM strake_members
       WHERE repository = id_ AND kind = 1 AND digest = coalesce(digest_, previous_);
     IF previous_ IS NOT NULL THEN PERFORM strake_free_unless_held(id_, previous_, at_); END IF;
     PERFORM pg_notify('strake_tags', name_ || ':' || tag_);
     RETURN true;
   END $$;

   CREATE FUNCTION strake_remove_member(
     name_ text, kind_ smallint, digest_ text, at_ bigint
   ) RETURNS void LANGUAGE plpgsql AS $$
   DECLARE id_ bigint; tag_ text;
   BEGIN
     SELECT id INTO id_ FROM strake_repositories WHERE name = name_ FOR UPDATE;
     IF id_ IS NULL THEN RETURN; END IF;
     IF kind_ = 1 THEN
       FOR tag_ IN SELECT name FROM strake_tags WHERE repository = id_ AND digest = digest_ LOOP
         PERFORM strake_move_tag(name_, tag_, NULL, NULL, false, at_);
       END LOOP;
     END IF;
     PERFORM strake_drop_member(id_, name_, kind_, digest_, at_);
   END $$;

   CREATE FUNCTION strake_forget(name_ text, at_ bigint) RETURNS void LANGUAGE plpgsql AS $$
   DECLARE id_ bigint; tag_ text; member_ record;
   BEGIN
     SELECT id INTO id_ FROM strake_repositories WHERE name = name_ FOR UPDATE;
     IF id_ IS NULL THEN RETURN; END IF;
     FOR tag_ IN SELECT name FROM strake_tags WHERE repository = id_ LOOP
       PERFORM strake_move_tag(name_, tag_, NULL, NULL, false, at_);
     END LOOP;
     FOR member_ IN SELECT kind, digest FROM strake_members WHERE repository = id_ LOOP
       PERFORM strake_drop_member(id_, name_, member_.kind, member_.digest, at_);
     END LOOP;
     DELETE FROM strake_repositories WHERE id = id_;
   END $$;

   -- Rows that another replica is removing are skipped.
   CREATE FUNCTION strake_remove_free(
     manifests_ bigint, blobs_ bigint, limit_ integer, at_ bigint
   ) RETURNS TABLE (name text, kind smallint, digest text, size bigint, free_since bigint)
   LANGUAGE plpgsql AS $$
   DECLARE found_ record;
   BEGIN
     FOR found_ IN
       SELECT r.id AS id_, r.name AS name_, m.kind AS kind_, m.digest AS digest_,
         m.size AS size_, m.free_since AS since_
       FROM strake_members m JOIN strake_repositories r ON r.id = m.repository
       WHERE m.free_since IS NOT NULL
         AND ((m.kind = 1 AND m.free_since < manifests_) OR (m.kind = 0 AND m.free_since < blobs_))
       ORDER BY m.kind DESC, m.free_since LIMIT limit_
       FOR UPDATE OF r, m SKIP LOCKED
     LOOP
       PERFORM strake_drop_member(found_.id_, found_.name_, found_.kind_, found_.digest_, at_);
       name := found_.name_; kind := found_.kind_; digest := found_.digest_;
       size := found_.size_; free_since := found_.since_;
       RETURN NEXT;
     END LOOP;
   END $$;`,
  objectTables,
  conditionalChanges,
  contentQueue,
  tokenTable,
  letterTable,
  sessionTokens,
  userTable,
  keyTable,
  failureTable,
  lateChanges,
]
