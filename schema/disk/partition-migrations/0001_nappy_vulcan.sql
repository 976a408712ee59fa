CREATE TABLE `ordered_state` (
	`store` integer NOT NULL,
	`bucket` integer NOT NULL,
	`key` blob NOT NULL,
	`at` integer NOT NULL,
	`seq` integer NOT NULL,
	`timestamp` integer NOT NULL,
	`value` text NOT NULL,
	PRIMARY KEY(`store`, `bucket`, `key`, `at`, `seq`)
);
--> statement-breakpoint
ALTER TABLE `store` ADD `bucket_ms` integer;