/// <reference path="../../schema/globals.d.ts" />
