ALTER TABLE `task` ADD `quiet_since` integer;--> statement-breakpoint
ALTER TABLE `task` ADD `ticking` integer;