/**
 * The step of the schema for content that a collection looks at. Whatever may be unneeded gets a row
 * in `strake_unheld`: an object when it is recorded, and content when a repository drops it. So no
 * collection searches the bucket, and a crash at any place leaves a row. A collection claims rows by
 * moving their time forward. It removes a row that it has decided about, unless its time has changed since.
 */
export const contentQueue = `
   ALTER TABLE strake_objects ADD COLUMN hidden_at bigint;
   CREATE INDEX strake_objects_by_key ON strake_objects (key);

   -- Also for content that another repository holds: that one may be dropping it at this moment.
   CREATE OR REPLACE FUNCTION strake_note_unheld(digest_ text, at_ bigint) RETURNS void
   LANGUAGE sql AS $$
     INSERT INTO strake_unheld VALUES (digest_, at_)
       ON CONFLICT (digest) DO UPDATE SET since = greatest(strake_unheld.since + 1, excluded.since)
   $$;

   CREATE FUNCTION strake_claim_unheld(before_ bigint, limit_ integer, at_ bigint)
   RETURNS TABLE (digest text, since bigint, held boolean) LANGUAGE sql AS $$
     WITH due AS (
       SELECT u.digest FROM strake_unheld u WHERE u.since < before_
       ORDER BY u.since LIMIT limit_ FOR UPDATE SKIP LOCKED
     )
     UPDATE strake_unheld u SET since = greatest(u.since + 1, at_) FROM due
     WHERE u.digest = due.digest
     RETURNING u.digest, u.since,
       EXISTS (SELECT 1 FROM strake_members m WHERE m.digest = u.digest)
   $$;

   -- Records the object of an ingest and forgets the ingest.
   CREATE FUNCTION strake_finish_ingest(
     id_ text, digest_ text, key_ text, size_ bigint, trash_ text[], at_ bigint
   ) RETURNS SETOF strake_objects LANGUAGE plpgsql AS $$
   BEGIN
     DELETE FROM strake_ingests WHERE id = id_;
     INSERT INTO strake_trash SELECT unnest(trash_) ON CONFLICT DO NOTHING;
     INSERT INTO strake_unheld VALUES (digest_, at_) ON CONFLICT DO NOTHING;
     RETURN QUERY SELECT * FROM strake_put_object(digest_, key_, size_, at_);
   END $$;

   -- Objects that earlier versions have recorded.
   INSERT INTO strake_unheld SELECT digest, used_at FROM strake_objects o
     WHERE NOT EXISTS (SELECT 1 FROM strake_members m WHERE m.digest = o.digest)
     ON CONFLICT DO NOTHING;`
