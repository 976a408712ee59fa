CREATE TABLE `change` (
	`id` integer PRIMARY KEY NOT NULL,
	`position` integer NOT NULL,
	`begin_bytes` integer NOT NULL,
	`bytes` integer NOT NULL,
	`body` text NOT NULL
);
--> statement-breakpoint
CREATE TABLE `subscription` (
	`store` integer PRIMARY KEY NOT NULL,
	`began_ms` integer NOT NULL,
	`until_ms` integer NOT NULL
);
