CREATE TABLE `counter` (
	`name` text PRIMARY KEY NOT NULL,
	`value` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `pipeline` (
	`name` text PRIMARY KEY NOT NULL,
	`version` integer NOT NULL,
	`incarnation` integer NOT NULL,
	`state` text NOT NULL,
	`sources` text NOT NULL,
	`outputs` text NOT NULL,
	`error` text
);
--> statement-breakpoint
CREATE TABLE `topic` (
	`name` text PRIMARY KEY NOT NULL,
	`topic_id` text NOT NULL,
	`partitions` integer NOT NULL,
	`config` text NOT NULL,
	`status` text NOT NULL
);
