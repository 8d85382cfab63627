/**
 * The step of the schema that changes tags and members under conditions. The conditions are checked
 * while the row of the repository is locked, so no replica can come in between.
 */
export const conditionalChanges = `
   -- A digest of NULL removes the tag. Returns done, taken or unheld.
   CREATE FUNCTION strake_change_tag(
     name_ text, tag_ text, digest_ text, by_ text, only_new boolean, only_held boolean,
     from_ text, at_ bigint
   ) RETURNS text LANGUAGE plpgsql AS $$
   DECLARE id_ bigint; previous_ text;
   BEGIN
     IF digest_ IS NULL OR only_held THEN
       SELECT id INTO id_ FROM strake_repositories WHERE name = name_ FOR UPDATE;
       IF id_ IS NULL THEN RETURN CASE WHEN digest_ IS NULL THEN 'done' ELSE 'unheld' END; END IF;
     ELSE
       id_ := strake_enter(name_, at_);
     END IF;
     IF only_held AND digest_ IS NOT NULL AND NOT EXISTS (
       SELECT 1 FROM strake_members WHERE repository = id_ AND kind = 1 AND digest = digest_
     ) THEN
       RETURN 'unheld';
     END IF;
     IF from_ IS NOT NULL THEN
       SELECT digest INTO previous_ FROM strake_tags WHERE repository = id_ AND name = tag_;
       IF previous_ IS DISTINCT FROM digest_ AND previous_ IS DISTINCT FROM from_ THEN
         RETURN 'taken';
       END IF;
     END IF;
     RETURN CASE WHEN strake_move_tag(name_, tag_, digest_, by_, only_new, at_)
       THEN 'done' ELSE 'taken' END;
   END $$;

   -- Returns the tags of a manifest that are not among only_, and removes nothing then.
   CREATE FUNCTION strake_remove_unless_tagged(
     name_ text, kind_ smallint, digest_ text, only_ text[], by_ text, at_ bigint
   ) RETURNS SETOF text LANGUAGE plpgsql AS $$
   DECLARE id_ bigint; tag_ text;
   BEGIN
     SELECT id INTO id_ FROM strake_repositories WHERE name = name_ FOR UPDATE;
     IF id_ IS NULL THEN RETURN; END IF;
     IF kind_ = 1 THEN
       IF only_ IS NOT NULL THEN
         RETURN QUERY SELECT t.name FROM strake_tags t
           WHERE t.repository = id_ AND t.digest = digest_ AND t.name <> ALL (only_);
         IF FOUND THEN RETURN; END IF;
       END IF;
       FOR tag_ IN SELECT name FROM strake_tags WHERE repository = id_ AND digest = digest_ LOOP
         PERFORM strake_move_tag(name_, tag_, NULL, by_, false, at_);
       END LOOP;
     END IF;
     PERFORM strake_drop_member(id_, name_, kind_, digest_, at_);
   END $$;`
