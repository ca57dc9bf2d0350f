// Package arch proves the import rules of docs/architecture.md over the whole
// module: which tier may know which, who may use which library, and where the
// clock is read. depguard tells an author the same in the editor, file by file;
// this package sees what files for other systems import too, and what a program
// links in the end.
//
// If a test here fails, change the code, not this list. A new noun or adapter
// is a new line; a weaker rule is a decision, and decisions live in docs/adr.
package arch
