#!/bin/sh
# convert.sh PAGES OUTPUT: every Markdown page becomes an HTML page.
set -eu
mkdir -p "$2"
for page in "$1"/*.md; do
  name=$(basename "$page" .md)
  title=$(sed -n 's/^# //p;/^# /q' "$page" | head -n 1)
  cmark "$page" > "/tmp/$name.body"
  sed -e "s|@TITLE@|$title|" -e "/@BODY@/{
    r /tmp/$name.body
    d
  }" template.html > "$2/$name.html"
  echo "$page -> $2/$name.html"
done
