DELETE FROM core.badges WHERE (SELECT COUNT(*) FROM core.badges AS b WHERE b.badge_id = badges.badge_id) > 1;
