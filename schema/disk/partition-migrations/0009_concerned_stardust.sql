CREATE TABLE `redrive` (
	`task` integer NOT NULL,
	`id` text NOT NULL,
	`seq` integer NOT NULL,
	`attempts` integer NOT NULL,
	`kind` text NOT NULL,
	`payload` text,
	PRIMARY KEY(`task`, `id`)
);
