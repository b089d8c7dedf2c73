import Testing

@testable import Service

/// Columns in line.
@Suite struct TextTableTests {
    @Test func columnsAreInLine() {
        let table = TextTable([["A", "LONG"], ["\u{1b}[31mred\u{1b}[0m", "x", "y"], ["ünï", ""]])
        #expect(table.render() == "A    LONG\n\u{1b}[31mred\u{1b}[0m  x     y\nünï")
        #expect(TextTable([]).render().isEmpty)
        #expect(TextTable([[""], ["a"]]).render() == "\na")
    }
}
