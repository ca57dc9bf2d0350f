-- the file is sound, and references lead somewhere
SELECT 'the file', quick_check FROM pragma_quick_check WHERE quick_check <> 'ok'
UNION ALL
SELECT "table", 'row ' || coalesce(rowid, '?') || ' refers to ' || "parent" || ' that are not there' FROM pragma_foreign_key_check;
