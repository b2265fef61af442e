module github.com/mfwtui/mfwtui

go 1.26
