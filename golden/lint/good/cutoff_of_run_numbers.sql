-- keep the last 5 versions
DELETE FROM app.doc_versions v WHERE v.version_no <= (SELECT max(v2.version_no) - 5 FROM app.doc_versions v2 WHERE v2.doc_id = v.doc_id);
