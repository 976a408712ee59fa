ALTER TABLE `task` ADD `muted` integer DEFAULT false NOT NULL;--> statement-breakpoint
ALTER TABLE `task` ADD `stop_at` integer;