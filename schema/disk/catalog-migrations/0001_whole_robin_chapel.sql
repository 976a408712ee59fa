ALTER TABLE `pipeline` ADD `inputs` text;--> statement-breakpoint
ALTER TABLE `pipeline` ADD `former` text;