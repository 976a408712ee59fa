CREATE TABLE `outbox_with_copies` (
	`id` integer PRIMARY KEY NOT NULL,
	`task` integer NOT NULL,
	`target` text NOT NULL,
	`sequence` integer NOT NULL,
	`records` integer NOT NULL,
	`created_ms` integer NOT NULL,
	`copy_of` integer,
	`body` blob NOT NULL
);
--> statement-breakpoint
INSERT INTO `outbox_with_copies` (`id`, `task`, `target`, `sequence`, `records`, `created_ms`, `body`) SELECT `id`, `task`, `target`, `sequence`, `records`, `created_ms`, `body` FROM `outbox`;--> statement-breakpoint
DROP TABLE `outbox`;--> statement-breakpoint
ALTER TABLE `outbox_with_copies` RENAME TO `outbox`;
