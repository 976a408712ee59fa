ALTER TABLE `task` ADD `input` text;--> statement-breakpoint
ALTER TABLE `task` ADD `upstreams` text;--> statement-breakpoint
ALTER TABLE `task` ADD `wiring` text;--> statement-breakpoint
ALTER TABLE `task` ADD `idle_at` integer;