CREATE TABLE `outbox_by_id` (
	`id` integer PRIMARY KEY NOT NULL,
	`task` integer NOT NULL,
	`target` text NOT NULL,
	`sequence` integer NOT NULL,
	`records` integer NOT NULL,
	`created_ms` integer NOT NULL,
	`body` blob NOT NULL
);
--> statement-breakpoint
INSERT INTO `outbox_by_id` (`task`, `target`, `sequence`, `records`, `created_ms`, `body`) SELECT `task`, `target`, `sequence`, `records`, `created_ms`, `body` FROM `outbox` ORDER BY `task`, `target`, `sequence`;--> statement-breakpoint
DROP TABLE `outbox`;--> statement-breakpoint
ALTER TABLE `outbox_by_id` RENAME TO `outbox`;