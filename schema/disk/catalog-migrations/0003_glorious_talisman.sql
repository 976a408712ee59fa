ALTER TABLE `pipeline` ADD `erasing` integer;--> statement-breakpoint
ALTER TABLE `pipeline` ADD `live` text;